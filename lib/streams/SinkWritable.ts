import { Writable, type WritableOptions } from 'node:stream'
import type { WritableStream } from 'node:stream/web'
import { closedError, prematureClose } from '../async/prematureClose.ts'
import { type Deferred, deferred } from '../async/promises.ts'
import type { SinkOpening, SinkRun, SinkStage } from '../stage/SinkStage.ts'
import { type Attachment, attach, type Detached, type kind, stage } from './attach.ts'
import { type OpenSide, openSide, type SideSinks } from './writableSink.ts'

/** The counts of a sink; each number has a separate counter, for the ledger. */
export interface SinkCounts {
  /** Records that reached it. */
  received: number
  /** Records that the sink acknowledged as durable. */
  acknowledged: number
  /** Bytes that were written. */
  bytes: number
  /** Records whose JSON was written as it arrived; only of a file. */
  unchanged?: number
}

/** Names the property that tells the compiler the input type of a sink; it does not exist at run time. */
declare const flow: unique symbol

/** One of leadpipe's own sinks for values of type In, any Writable, or a web stream. */
export type AnySink<In> =
  | (Writable & { readonly [flow]?: (value: In) => void; readonly [kind]?: 'sink' })
  | WritableStream<In>

/** The options of a sink's stream. */
export interface SinkWritableOptions extends Pick<WritableOptions, 'highWaterMark'> {
  /** Its side outputs, by the names that its stage knows. Default: none. */
  outputs?: SideSinks | undefined
  /** The counts of a sink that was not opened. Default: `received`, `acknowledged` and `bytes`, all 0. */
  noCounts?: Readonly<SinkCounts>
  /** Called when the stream is destroyed and its stage is not open: nothing else destroys what is behind it. */
  destroyUnopened?(): void
  /** The user's error for a sink that was destroyed after its last record and before its end. Default: the given one. */
  explain?(error: Error): Error
}

const noCounts: Readonly<SinkCounts> = { received: 0, acknowledged: 0, bytes: 0 }

type Callback = (error?: Error | null) => void

/**
 * A sink as an object-mode Writable, for `pipeline` and `pipe`. `run` uses the stage instead, and the stream only
 * listens: destroying or ending it fails the run. The destination is touched at the first write or at the end, never
 * when the stream is created.
 */
export abstract class SinkWritable<In> extends Writable {
  /** The input type; exists for the compiler only. */
  declare readonly [flow]?: (value: In) => void
  readonly #stage: SinkStage<In>
  readonly #outputs: SideSinks
  readonly #noCounts: Readonly<SinkCounts>
  readonly #explain: (error: Error) => Error
  readonly #destroyUnopened: () => void
  #openOutputs: readonly OpenSide[] = []
  #opening: Promise<SinkRun<In>> | undefined
  #run: SinkRun<In> | undefined
  #isCommitted = false
  /** Why no more records are accepted. */
  #failure: { error: unknown } | undefined
  /** Whether a run used the stream and closed it: closing is then not an error. */
  #isOver = false
  /** The run that uses the stage: the callback, and what settles when the run is over. */
  #attachedRun: { detached: Detached; over: Deferred<void>; isFinishing: boolean } | undefined

  constructor(stage: SinkStage<In>, options: SinkWritableOptions = {}) {
    const {
      outputs = {},
      noCounts: none = noCounts,
      explain = error => error,
      destroyUnopened = () => {},
      ...rest
    } = options
    super({ ...rest, objectMode: true })
    this.#stage = stage
    this.#outputs = outputs
    this.#noCounts = none
    this.#explain = explain
    this.#destroyUnopened = destroyUnopened
  }

  /** The counts so far, those from before a restart included. */
  get counts(): Readonly<SinkCounts> {
    return { ...this.#noCounts, ...this.#run?.counts?.() }
  }

  /**
   * The destination of the records, for people. For a file: the absolute path with links followed and placeholders
   * filled in, once the file is created. For a receiver: the URL without its query. Undefined while it is unknown.
   */
  get destination(): string | undefined {
    return this.#run?.destination
  }

  /** The stage behind the stream, for code that only inspects it. */
  get [stage](): SinkStage<In> {
    return this.#stage
  }

  [attach](detached: Detached): Attachment<SinkStage<In>> {
    const attachedRun = { detached, over: deferred(), isFinishing: false }
    this.#attachedRun = attachedRun
    const open = async (opening: SinkOpening) => {
      this.#run = await this.#stage.open(opening)
      return this.#run
    }
    return {
      stage: { ...this.#stage, open },
      outputs: this.#outputs,
      release: () => {
        this.#attachedRun = undefined
        // A closed stream keeps its counts.
        if (!this.destroyed) this.#run = undefined
      },
      finish: () => {
        attachedRun.isFinishing = true
        this.end()
      },
      close: async isDone => {
        this.#attachedRun = undefined
        this.#isOver = true
        if (!isDone) this.destroy()
        attachedRun.over.resolve()
        if (!this.closed) await new Promise(resolve => this.once('close', resolve))
      },
    }
  }

  override _write(record: In, _encoding: BufferEncoding, callback: Callback): void {
    if (this.#attachedRun !== undefined) {
      callback(new Error('a run uses it'))
      return
    }
    let room: void | Promise<void>
    try {
      room = this.#receive(record)
    } catch (error) {
      this.#failure = { error }
      callback(error as Error)
      return
    }
    if (room === undefined) callback()
    else settle(room, callback)
  }

  override _final(callback: Callback): void {
    if (this.#attachedRun === undefined) {
      settle(this.#finish(), callback)
      return
    }
    const { detached, over, isFinishing } = this.#attachedRun
    if (!isFinishing) detached(prematureClose())
    else
      over.promise.then(() => {
        if (!this.destroyed) callback()
      })
  }

  override _destroy(error: Error | null, callback: Callback): void {
    if (this.#attachedRun !== undefined) {
      // The run rejects with this error: no other listener is needed.
      this.once('error', () => {})
      this.#attachedRun.detached(error ?? prematureClose())
      this.#attachedRun.over.promise.then(() => callback(error))
      return
    }
    const end = () => callback(error ?? this.#prematureError())
    if (this.#opening === undefined && !this.#isOver) this.#destroyOutputs()
    if (this.#opening === undefined || this.#isCommitted) end()
    else this.#discard().then(end, end)
  }

  #receive(record: In): void | Promise<void> {
    // Records in the buffer still arrive after one before them has failed.
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#run === undefined ? this.#opened().then(run => run.write(record)) : this.#run.write(record)
  }

  #opened(): Promise<SinkRun<In>> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async #open(): Promise<SinkRun<In>> {
    const fail = (error: unknown) => {
      this.destroy(error as Error)
    }
    const at = () => undefined
    const opened = Object.entries(this.#outputs).map(
      async ([name, output]) => [name, await openSide(output, fail)] as const,
    )
    const sides = await Promise.all(opened)
    this.#openOutputs = sides.map(([, side]) => side)
    const outputs = sides.length === 0 ? {} : { outputs: Object.fromEntries(sides) }
    this.#run = await this.#stage.open({ at, fail, ...outputs })
    return this.#run
  }

  async #finish(): Promise<void> {
    const run = await this.#opened()
    await run.prepare()
    for (const side of this.#openOutputs) {
      if (this.destroyed) return
      await side.run.prepare().catch(error => {
        throw side.explain(error)
      })
    }
    if (this.destroyed) return
    for (const one of [run, ...this.#openOutputs.map(side => side.run)]) await one.commit()
    this.#isCommitted = true
  }

  /**
   * Ends a sink that failed, and then its side outputs. Those are kept if they were written to, and never created
   * empty.
   */
  async #discard(): Promise<void> {
    const run = await this.#opening?.catch(() => this.#destroyOutputs())
    await run?.end('discard').catch(() => {})
    for (const { sink, isShared, run, isUsed } of this.#openOutputs) {
      await run.end(isUsed ? 'keep' : 'discard')
      // The end of a user's stream is not awaited.
      const isOwn = sink instanceof SinkWritable && !isShared
      if (isOwn && !sink.closed) await new Promise(resolve => sink.once('close', resolve))
    }
  }

  #destroyOutputs(): void {
    this.#destroyUnopened()
    for (const { sink, isShared } of Object.values(this.#outputs)) if (!isShared) sink.destroy()
  }

  /** Without this error, `stream.finished()` would take such a stream for finished. */
  #prematureError(): Error | null {
    const isEarly =
      !this.#isOver && this.writableEnded && !this.writableFinished && this.listenerCount('error') > 0
    return isEarly ? this.#explain(closedError()) : null
  }
}

function settle(work: void | Promise<void>, callback: Callback): void {
  Promise.resolve(work).then(() => callback(), callback)
}
