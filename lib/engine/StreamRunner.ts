import { type Duplex, finished } from 'node:stream'
import { closedEarly, isPrematureClose, prematureClose } from '../async/prematureClose.ts'
import { type Deferred, deferred } from '../async/promises.ts'
import type { OperatorCounts, StreamDefinition } from './definition.ts'
import { operatorError } from './instance.ts'
import {
  type DrainedRunner,
  nobody,
  type OperatorState,
  type RunnerHost,
  type ValueReceiver,
} from './Runner.ts'

/**
 * Runs a user's Node stream in the middle of a chain. The stream may emit at any time, not only within a step,
 * and is paused when there is no room after it. The content of a stream can't be saved. So before each save the stream
 * is drained, that is, ended, and the next value goes into a new stream.
 */
export class StreamRunner implements DrainedRunner {
  readonly definition: StreamDefinition
  /** A stream can't say that it wants no more: if it ends before its input does, it has failed. */
  readonly ended = false
  #next: ValueReceiver = nobody
  readonly #host: RunnerHost
  #in = 0
  #out = 0
  #isStopped = false
  #stream: Duplex | undefined
  /** Whether the stream has ended, requested or not. */
  #isOver = false
  /** Settles when the stream has room. */
  #room: Deferred<void> | undefined
  /** Settles when there is room after the stream. */
  #paused: Promise<void> | undefined
  /** Settles when the stream has finished, after `end()`. */
  #ending: Deferred<void> | undefined
  #draining: Promise<void> | undefined

  /**
   * @param isResumed whether the run is resumed: if so, the stream is created at the first value, as after each save
   * @throws {LeadpipeError} OPTION or OPERATOR when the stream can't be created.
   */
  constructor(definition: StreamDefinition, host: RunnerHost, isResumed: boolean) {
    this.definition = definition
    this.#host = host
    if (!isResumed) this.#create()
  }

  get counts(): OperatorCounts {
    return { name: this.definition.name, in: this.#in, out: this.#out, own: {} }
  }

  get isDrained(): boolean {
    return this.#stream === undefined
  }

  connect(next: ValueReceiver): void {
    this.#next = next
  }

  receive(value: unknown): void {
    this.#in += 1
    if (this.#isStopped) return
    try {
      const stream = this.#stream ?? this.#create()
      if (this.#isOver) throw prematureClose()
      // During `write`, the stream may emit a value that stops this runner.
      if (stream.write(value) || this.#room !== undefined || this.#isStopped) return
      this.#room = deferred()
      this.#host.busy()
      stream.once('drain', () => this.#resolveRoom())
    } catch (error) {
      this.#fail(error)
    }
  }

  flush(): void {
    this.drain()
  }

  /** Ends the stream and resolves when all of its output is processed. Never rejects. */
  drain(): Promise<void> {
    this.#draining = this.#drain().finally(() => {
      this.#draining = undefined
    })
    this.#host.busy()
    return this.#draining
  }

  idle(): Promise<void> | undefined {
    return this.#draining ?? this.#room?.promise ?? this.#paused
  }

  stop(): void {
    this.#isStopped = true
    this.#stream?.destroy()
    this.#resolveRoom()
    this.#ending?.resolve()
  }

  save(): OperatorState {
    const counts = { in: this.#in, out: this.#out, unused: 0, rejected: 0, ended: false, own: {} }
    return { name: this.definition.name, counts }
  }

  restore({ counts }: OperatorState): void {
    this.#in = counts.in
    this.#out = counts.out
  }

  remember(): void {}

  /** Values can't be removed from a stream. */
  undo(): boolean {
    return false
  }

  async #drain(): Promise<void> {
    while (this.#room !== undefined) await this.#room.promise
    const stream = this.#stream
    if (stream === undefined || this.#isStopped) return
    if (!this.#isOver) {
      this.#ending = deferred()
      stream.end()
      await this.#ending.promise
    }
    while (this.#paused !== undefined) await this.#paused
    this.#stream = undefined
  }

  #create(): Duplex {
    const stream = this.definition.createStream()
    this.#stream = stream
    this.#isOver = false
    stream.on('data', value => this.#emit(stream, value))
    // finished() removes its listeners when it is done; a late error must not crash the process.
    stream.on('error', () => {})
    finished(stream, error => this.#conclude(stream, error))
    return stream
  }

  #emit(stream: Duplex, value: unknown): void {
    // A stream that was destroyed may still emit buffered values.
    if (this.#isStopped || stream !== this.#stream) return
    this.#out += 1
    this.#next.receive(value)
    const wait = this.#host.workAfter()
    if (wait === undefined) return
    stream.pause()
    this.#paused = wait.then(() => {
      this.#paused = undefined
      stream.resume()
    })
  }

  #conclude(stream: Duplex, error: Error | null | undefined): void {
    if (stream !== this.#stream || this.#isStopped) return
    // finished() reports no error for a destroyed stream if its buffers happened to be empty.
    const isComplete = stream.readableEnded && stream.writableFinished
    if (error || !isComplete || this.#room !== undefined) {
      this.#fail(error ?? prematureClose())
      return
    }
    this.#isOver = true
    this.#ending?.resolve()
  }

  #resolveRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  #fail(error: unknown): void {
    const cause = isPrematureClose(error) ? prematureClose(closedEarly) : error
    this.#host.fail(operatorError(this.definition.name, cause))
  }
}
