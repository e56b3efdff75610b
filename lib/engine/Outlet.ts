import { type Deferred, deferred } from '../async/promises.ts'
import type { BranchOf } from './branches.ts'
import type { SideOutputs } from './definition.ts'

/** Receives records one after the other; a promise means that there is no room until it settles. */
export interface Target {
  write(record: unknown, line?: Uint8Array): void | Promise<void>
}

/** The same target, with its failures turned into errors for the user. */
export function explained(target: Target, explain: (error: unknown) => unknown): Target {
  return {
    write(record, line) {
      try {
        return target.write(record, line)?.catch(error => {
          throw explain(error)
        })
      } catch (error) {
        throw explain(error)
      }
    },
  }
}

/** The outlets of one branch. */
export interface BranchOutlets {
  /** That of the sink; undefined if there are branches below. */
  readonly main: Outlet | undefined
  /** One entry for each operator. */
  readonly side: readonly (SideOutputs<Outlet> | undefined)[]
  /** All of them, in the order of `mapOutputs`. */
  readonly all: readonly Outlet[]
}

/**
 * Creates an outlet for each target of a branch.
 *
 * @param lineOf the text of the records that reach the sink; absent if an operator may have changed them
 */
export function outletsOf(
  { sink, side }: Pick<BranchOf<Target>, 'sink' | 'side'>,
  host: OutletHost,
  lineOf?: LineOf,
): BranchOutlets {
  const main = sink && new Outlet(sink, host, lineOf)
  const all = main === undefined ? [] : [main]
  const outletOf = (target: Target): Outlet => {
    const outlet = new Outlet(target, host)
    all.push(outlet)
    return outlet
  }
  const outlets = side.map(
    outputs =>
      outputs &&
      Object.fromEntries(Object.entries(outputs).map(([name, target]) => [name, outletOf(target)])),
  )
  return { main, side: outlets, all }
}

/** The JSON text of a record as it arrived, in UTF-8 on one line; undefined if the record was not received from the source. */
export type LineOf = (record: unknown) => Uint8Array | undefined

/** The last record that a chain received. */
export class LastRecord {
  #record: unknown
  #line: Uint8Array | undefined

  set(record: unknown, line: Uint8Array | undefined): void {
    this.#record = record
    this.#line = line
  }

  readonly lineOf: LineOf = record => (record === this.#record ? this.#line : undefined)
}

/** The chain, as an outlet sees it. */
export interface OutletHost {
  /** Records wait for room. */
  busy(): void
  fail(error: unknown): void
}

/**
 * Connects the operators to a sink. While the sink has no room, the values that one record produces are
 * queued as objects, which need a fraction of the memory of their bytes. Never throws: a failure of the sink is not
 * a failure of the operator that emitted.
 */
export class Outlet {
  /** Records that were passed to the sink or wait for it, those from before a restart included. */
  passed = 0
  /** Whether the sink failed. */
  isFailed = false
  /** Whether its branch was dropped. */
  isAbandoned = false
  readonly #target: Target
  readonly #host: OutletHost
  readonly #lineOf: LineOf | undefined
  #queue: unknown[] = []
  /** Number of queued records that were passed to the sink. */
  #drained = 0
  /** Settles when the sink has everything. */
  #draining: Deferred<void> | undefined
  #isStopped = false
  /** The values of a record that the operators have not finished; undefined when nothing is held. */
  #held: unknown[] | undefined

  /** @param lineOf the text of the records; absent if an operator may have changed them */
  constructor(target: Target, host: OutletHost, lineOf?: LineOf) {
    this.#target = target
    this.#host = host
    this.#lineOf = lineOf
  }

  receive(record: unknown): void {
    if (this.#held === undefined) this.#pass(record)
    else this.#held.push(record)
  }

  /** The same as `receive`, under the name that side outputs have. */
  write(record: unknown): void {
    this.receive(record)
  }

  /** Resolves when the sink has everything; undefined when it does now. Never rejects. */
  idle(): Promise<void> | undefined {
    return this.#draining?.promise
  }

  /** From now on, holds incoming values. */
  hold(): void {
    this.#held ??= []
  }

  /** Passes on the held values. */
  release(): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) for (const record of held) this.#pass(record)
  }

  /** Passes nothing on any more. Returns the records that wait for room. */
  stop(): unknown[] {
    this.#isStopped = true
    return this.#queue.slice(this.#drained)
  }

  /** Records that the sink has failed while nobody waited for it. */
  fail(error: unknown): void {
    if (this.isFailed || this.isAbandoned) return
    this.isFailed = true
    this.#host.fail(error)
  }

  /** Its branch was dropped: failures of the sink do not matter any more, and a stopped outlet is not awaited. */
  abandon(): void {
    this.isAbandoned = true
    this.isFailed = false
    if (!this.#isStopped) return
    this.#draining?.resolve()
    this.#draining = undefined
  }

  /** Drops the held values. */
  drop(): void {
    this.#held = undefined
  }

  #pass(record: unknown): void {
    if (this.isFailed || this.#isStopped) return
    this.passed += 1
    if (this.#draining !== undefined) {
      this.#queue.push(record)
      return
    }
    let room: void | Promise<void>
    try {
      room = this.#target.write(record, this.#lineOf?.(record))
    } catch (error) {
      this.fail(error)
      return
    }
    if (room === undefined) return
    this.#draining = deferred()
    this.#drain(room)
    this.#host.busy()
  }

  async #drain(room: Promise<void>): Promise<void> {
    try {
      await room
      const queue = this.#queue
      while (this.#drained < queue.length && !this.#isStopped && !this.isFailed) {
        const record = queue[this.#drained]
        // The queue may be long: a written record must not stay in memory until its end.
        queue[this.#drained] = undefined
        this.#drained += 1
        const wait = this.#target.write(record, this.#lineOf?.(record))
        if (wait !== undefined) await wait
      }
    } catch (error) {
      this.fail(error)
    }
    this.#queue = []
    this.#drained = 0
    this.#draining?.resolve()
    this.#draining = undefined
  }
}
