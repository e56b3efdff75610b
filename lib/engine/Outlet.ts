/** Takes records one after the other; a promise says that there is no room until it settles. */
export interface Target {
  write(record: unknown): void | Promise<void>
}

/** The same target, whose failures are explained to the user. */
export function explained(target: Target, explain: (error: unknown) => unknown): Target {
  return {
    write(record) {
      try {
        return target.write(record)?.catch(error => {
          throw explain(error)
        })
      } catch (error) {
        throw explain(error)
      }
    },
  }
}

/** What an outlet tells its chain. */
export interface OutletHost {
  /** Records wait for room. */
  busy(): void
  fail(error: unknown): void
}

/**
 * Stands between the operators and a sink. What one record gives rise to while the sink has no room is queued as
 * objects, which take a fraction of the memory that their bytes would. Never throws: a sink's failure is not that of
 * the operator which emitted.
 */
export class Outlet {
  /** Records that went to the sink, or are on their way, those of before a restart included. */
  passed = 0
  /** Whether the sink failed. */
  isFailed = false
  readonly #target: Target
  readonly #host: OutletHost
  #queue: unknown[] = []
  /** How many of the queue went to the sink. */
  #drained = 0
  #draining: Promise<void> | undefined
  #isStopped = false
  /** What a record gave rise to that is not through the operators yet; undefined: nothing is held. */
  #held: unknown[] | undefined

  constructor(target: Target, host: OutletHost) {
    this.#target = target
    this.#host = host
  }

  receive(record: unknown): void {
    if (this.#held === undefined) this.#pass(record)
    else this.#held.push(record)
  }

  /** The same, under the name that side outputs have. */
  write(record: unknown): void {
    this.receive(record)
  }

  /** Resolves when everything is with the sink; undefined when it is already. Never rejects. */
  idle(): Promise<void> | undefined {
    return this.#draining
  }

  /** From now on, holds what comes. */
  hold(): void {
    this.#held ??= []
  }

  /** Passes on what was held. */
  release(): void {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) for (const record of held) this.#pass(record)
  }

  /** Passes nothing on any more. Returns what waits for room. */
  stop(): unknown[] {
    this.#isStopped = true
    return this.#queue.slice(this.#drained)
  }

  /** The sink failed while nobody waited for it. */
  fail(error: unknown): void {
    if (this.isFailed) return
    this.isFailed = true
    this.#host.fail(error)
  }

  /** Forgets what was held. */
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
      room = this.#target.write(record)
    } catch (error) {
      this.fail(error)
      return
    }
    if (room === undefined) return
    this.#draining = this.#drain(room)
    this.#host.busy()
  }

  async #drain(room: Promise<void>): Promise<void> {
    try {
      await room
      const queue = this.#queue
      while (this.#drained < queue.length && !this.#isStopped && !this.isFailed) {
        const record = queue[this.#drained]
        // The queue may be long: what is written is not to be kept until its end.
        queue[this.#drained] = undefined
        this.#drained += 1
        const wait = this.#target.write(record)
        if (wait !== undefined) await wait
      }
    } catch (error) {
      this.fail(error)
    }
    this.#queue = []
    this.#drained = 0
    this.#draining = undefined
  }
}
