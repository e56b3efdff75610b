import { Readable } from 'node:stream'
import { prematureClose } from '../async/prematureClose.ts'
import { type Deferred, deferred } from '../async/promises.ts'
import type { Definition } from '../engine/definition.ts'
import type { Batch, SourceOpening, SourceRun, SourceStage } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import { type Attachment, attach, currentRun, type Detached, lastRead, recipe } from './attach.ts'

/** The position after a pushed record: its batch and the number of its items up to the record. */
interface PushedPosition<T> {
  readonly batch: Batch<T>
  readonly count: number
}

/**
 * A source as an object-mode Readable, for `pipeline`, `pipe` and `for await`. `run` uses the stage instead, and the
 * stream only listens: destroying it fails the run.
 */
export abstract class SourceReadable<T, R extends SourceRun<T> = SourceRun<T>> extends Readable {
  /** The source's own operators, which `run` puts before all others. */
  readonly [recipe]: readonly Definition[]
  readonly #stage: SourceStage<T>
  readonly #open: (opening: SourceOpening) => R
  #run: R
  /** One for each record in the buffer, and one for the last record that was read. */
  readonly #pushed: PushedPosition<T>[] = []
  /** The last batch, and the number of its items that were pushed. */
  #batch: Batch<T> | undefined
  #count = 0
  #loop: Promise<void> | undefined
  /** Settles when the consumer wants more. */
  #room: Deferred<void> | undefined
  /** The run that uses the stage: the callback, and what settles when the run is over. */
  #attachedRun: { detached: Detached; over: Deferred<void> } | undefined

  /** @param open like `open` of the stage */
  constructor(
    stage: SourceStage<T>,
    open: (opening: SourceOpening) => R,
    { operators = [], ...options }: { highWaterMark?: number; operators?: readonly Definition[] } = {},
  ) {
    super({ ...options, objectMode: true })
    this[recipe] = operators
    this.#stage = stage
    this.#open = open
    this.#run = open({
      wants: { rejected: false, origins: false },
      fail: error => this.destroy(error as Error),
    })
  }

  protected get [currentRun](): R {
    return this.#run
  }

  protected get [lastRead](): Json | undefined {
    // Records that were pushed but not read yet do not count.
    const position = this.#pushed[this.#pushed.length - 1 - this.readableLength]
    return position?.batch.positionAfter(position.count)
  }

  /** The records, for `for await`; leaving the loop destroys the source. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<T> {
    return super[Symbol.asyncIterator]()
  }

  [attach](detached: Detached): Attachment<SourceStage<T>> {
    const attachedRun = { detached, over: deferred() }
    this.#attachedRun = attachedRun
    const open = (opening: SourceOpening) => {
      this.#run = this.#open(opening)
      return this.#run
    }
    return {
      stage: { ...this.#stage, open },
      release: () => {
        this.#attachedRun = undefined
      },
      finish() {},
      close: async () => {
        this.#attachedRun = undefined
        attachedRun.over.resolve()
        this.destroy()
        if (!this.closed) await new Promise(resolve => this.once('close', resolve))
      },
    }
  }

  override _read(): void {
    this.#room?.resolve()
    if (this.#attachedRun !== undefined || this.#loop !== undefined) return
    this.#loop = this.#pushAll()
    this.#loop.catch(error => this.destroy(error))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const end = () => callback(error)
    if (this.#attachedRun !== undefined) {
      // The run rejects with this error: no other listener is needed.
      this.once('error', () => {})
      this.#attachedRun.detached(error ?? prematureClose())
      this.#attachedRun.over.promise.then(end)
      return
    }
    this.#room?.resolve()
    this.#run.close(this.#batch, this.#count).then(end, end)
  }

  async #pushAll(): Promise<void> {
    const run = this.#run
    for (let batch = await run.next(); batch !== undefined; batch = await run.next()) {
      this.#batch = batch
      this.#count = 0
      for (const item of batch.items) {
        if (this.destroyed) return
        this.#count += 1
        this.#pushed.push({ batch, count: this.#count })
        const hasRoom = this.push(item)
        while (this.#pushed.length > this.readableLength + 1) this.#pushed.shift()
        if (!hasRoom && !this.destroyed) await this.#untilRoom()
      }
      if (this.destroyed) return
    }
    // The source is closed when everything is read, or when it is destroyed earlier: until then an abort ends it.
    if (!this.destroyed) this.push(null)
  }

  #untilRoom(): Promise<void> {
    this.#room = deferred()
    return this.#room.promise
  }
}
