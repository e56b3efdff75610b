import { isThenable, patience, within } from '../async/promises.ts'
import { checkOptions, type OptionRules, optionError, typeOf } from '../options/checkOptions.ts'
import { plainJson } from '../stage/plainJson.ts'
import type { Ending, SinkRun } from '../stage/SinkStage.ts'
import type { Json } from '../stage/Stage.ts'
import { streamError } from '../streams/userStreams.ts'

/** What `open` receives. */
export interface OpenOptions<S = unknown> {
  /** The last state that is in the checkpoint; undefined at the first start, and in a run without a checkpoint. */
  state: S | undefined
  /** Aborts when the run ends early. A call that is in progress should then reject, or settle soon. */
  signal: AbortSignal
}

/** How a use of a sink ended. */
export type SinkEnd =
  /** Well: everything is committed. */
  | 'done'
  /** The run failed, and can't be resumed: incomplete output should be removed. */
  | 'discard'
  /** The run failed, or was aborted, and may be resumed: what was flushed must stay. */
  | 'leave'

/**
 * One use of a sink of your own. Its functions are called one at a time, each after the last one has settled: a promise
 * makes the run wait. If one throws or rejects, the run fails with SINK.
 */
export interface SinkUse<T, S = unknown> {
  /** Receives a record. */
  write: (record: T) => unknown
  /**
   * Makes everything that was written durable. Returns the state, as plain JSON, that `open` receives if the run
   * resumes from here; undefined for none. Called at each save of a checkpoint, the first time before the first record,
   * and at the end if there is no `prepare`. A checkpoint needs it.
   *
   * The process may end before the checkpoint is saved: `open` then receives an older state, and the records after that
   * one are written again.
   */
  flush?: (() => S | Promise<S>) | undefined
  /** The same, once, after the last record: writes the end as well. Default: `flush`. */
  prepare?: (() => S | Promise<S>) | undefined
  /**
   * Makes everything visible, after `prepare`, and when the numbers of the run add up. If the process ends here, the
   * next one calls it again, after `open` with the state of `prepare`. An abort does not interrupt it.
   */
  commit?: (() => unknown) | undefined
  /**
   * Releases everything: the last call, in every case. After a failure or an abort, a call that does not settle within
   * 10 seconds is not waited for, and neither is `end`.
   */
  end?: ((how: SinkEnd) => unknown) | undefined
  /** Its own numbers for the report, for example `{ bytes: 512 }`. Values that are not numbers are left out. */
  counts?: (() => Readonly<Record<string, number>>) | undefined
}

/** Opens a sink, once per use, at its first call. */
export type Open<T, S = unknown> = (options: OpenOptions<S>) => SinkUse<T, S> | Promise<SinkUse<T, S>>

/** The state of a sink that a restart needs: plain JSON. */
interface OwnSinkState {
  /** Records up to here. */
  readonly records: number
  /** The user's own state; absent if there is none. */
  readonly state?: Json
}

const functionRule = { instanceOf: 'Function', expected: 'a function' }
/** What the result of `open` may have. */
const useRules: OptionRules = {
  owner: 'sink(): the result of open()',
  options: {
    write: functionRule,
    flush: functionRule,
    prepare: functionRule,
    commit: functionRule,
    end: functionRule,
    counts: functionRule,
  },
}

/** Writes to a user's own sink once. The user's functions are called one at a time. */
export class OwnSinkRun<T> implements SinkRun<T> {
  readonly destination: string | undefined
  readonly #name: string
  readonly #open: Open<T>
  readonly #state: Json
  readonly #abort = new AbortController()
  #opening: Promise<SinkUse<T>> | undefined
  #use: SinkUse<T> | undefined
  /** The user's call in progress, or the last of those that wait for it. */
  #running: Promise<unknown> | undefined
  #received: number
  /** Records whose `write` has settled. */
  #written: number
  #acknowledged: number
  #isOver = false

  constructor(name: string, open: Open<T>, saved: Json, destination: string | undefined) {
    const { records = 0, state } = (saved ?? {}) as Partial<OwnSinkState>
    this.#name = name
    this.#open = open
    this.#state = state
    this.destination = destination
    this.#received = this.#written = this.#acknowledged = records
  }

  counts(): Record<string, number> {
    const own = this.#explained(() => Object.entries(this.#use?.counts?.() ?? {}))
    const numbers = Object.fromEntries(own.filter(([, value]) => typeof value === 'number'))
    return { ...numbers, received: this.#received, acknowledged: this.#acknowledged }
  }

  write(record: T): void | Promise<void> {
    this.#received += 1
    const written = () => {
      this.#written += 1
    }
    const writing = this.#call(use => use.write(record))
    return writing instanceof Promise ? writing.then(written) : written()
  }

  flush(): Promise<OwnSinkState> {
    return this.#save(use => {
      if (use.flush !== undefined) return use.flush()
      const expected = 'a function that returns the state,'
      const received = `none from open() of ${JSON.stringify(this.#name)}`
      const checkpoint = { owner: 'run()', option: 'checkpoint' }
      throw optionError({ owner: 'sink()', option: 'flush', expected, with: checkpoint, received })
    })
  }

  prepare(): Promise<OwnSinkState> {
    return this.#save(use => (use.prepare === undefined ? use.flush?.() : use.prepare()))
  }

  async commit(): Promise<void> {
    await this.#call(use => use.commit?.())
    await this.#call(use => {
      this.#isOver = true
      return use.end?.('done')
    })
  }

  async end(how: Ending): Promise<void> {
    if (this.#isOver) return
    if (how === 'keep' && (await this.#keep())) return
    this.#isOver = true
    this.#abort.abort()
    const opening = this.#opening
    if (opening === undefined) return
    if (this.#running !== undefined) await within(patience, this.#running)
    const isLeft = how === 'leave' || (how === 'keep' && this.#received > 0)
    if (!isLeft) this.#acknowledged = 0
    const ending = opening.then(use => use.end?.(isLeft ? 'leave' : 'discard'))
    ending.catch(() => {})
    // An open() that has not settled yet may never do.
    if (this.#use !== undefined) await within(patience, ending)
  }

  /** Commits the records of a side output. Returns whether that was possible: there is no output without records. */
  async #keep(): Promise<boolean> {
    if (this.#received === 0) return false
    const committing = this.prepare().then(() => (this.#isOver ? undefined : this.commit()))
    await within(patience, committing)
    return this.#isOver
  }

  async #save(flush: (use: SinkUse<T>) => unknown): Promise<OwnSinkState> {
    const saving = async (use: SinkUse<T>) => {
      const records = this.#written
      const state = await flush(use)
      const saved = state === undefined ? { records } : { records, state: plainJson(state, 'the state') }
      if (!this.#isOver) this.#acknowledged = records
      return saved
    }
    return this.#call(saving)
  }

  /** Calls the user's code when no other call is in progress: at once, if it can. */
  #call<R>(work: (use: SinkUse<T>) => R): R | Promise<Awaited<R>> {
    const use = this.#use
    if (use === undefined || this.#running !== undefined) {
      const before = this.#running ?? this.#opened()
      return this.#track(before.then(async () => work(await this.#opened())))
    }
    const result = this.#explained(() => work(use))
    return isThenable(result) ? this.#track(Promise.resolve(result)) : result
  }

  async #track<R>(work: Promise<R>): Promise<Awaited<R>> {
    this.#running = work
    try {
      return await work
    } catch (error) {
      throw this.#error(error)
    } finally {
      if (this.#running === work) this.#running = undefined
    }
  }

  #opened(): Promise<SinkUse<T>> {
    this.#opening ??= this.#openOnce()
    return this.#opening
  }

  async #openOnce(): Promise<SinkUse<T>> {
    const use = await this.#open({ state: this.#state, signal: this.#abort.signal })
    checkUse(use)
    this.#use = use
    return use
  }

  #explained<R>(work: () => R): R {
    try {
      return work()
    } catch (error) {
      throw this.#error(error)
    }
  }

  #error(error: unknown): unknown {
    return streamError('SINK', `the sink ${JSON.stringify(this.#name)}`, error)
  }
}

/** @throws {LeadpipeError} OPTION when `open` returned no sink; a misspelt name would never be called */
function checkUse(use: SinkUse<never> | null | undefined): void {
  const names = Object.keys(useRules.options) as (keyof SinkUse<never>)[]
  // An object of a class may have more, and has its methods elsewhere.
  const isPlain = use?.constructor === Object
  checkOptions(isPlain ? use : Object.fromEntries(names.map(name => [name, use?.[name]])), useRules)
  if (use?.write !== undefined) return
  const expected = 'an object with the function write'
  throw optionError({ owner: useRules.owner, expected, received: typeOf(use) })
}
