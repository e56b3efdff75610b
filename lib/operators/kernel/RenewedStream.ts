import { Duplex, finished } from 'node:stream'
import { Mark } from '../../model/Mark.ts'
import { emitsClose } from '../../streams/emitsClose.ts'
import { prematureClose } from '../../streams/prematureClose.ts'

type Callback = (error?: Error | null) => void

/**
 * A stream of the user's own in a run with checkpoints. What it holds can't be saved, so it holds nothing when
 * a mark passes: it is ended, what it still gives is handed on, then the mark; the next value goes into a new
 * one. As long as no mark comes, it does what the stream itself does.
 *
 * An error of the inner stream destroys it; so does an inner stream that closes when there is more to come,
 * with ERR_STREAM_PREMATURE_CLOSE.
 */
export class RenewedStream extends Duplex {
  readonly #create: () => Duplex
  #inner: Duplex | undefined
  /** The inner stream came to its end, asked or not. */
  #over = false
  /** The inner stream has no room, and the writer waits for it. */
  #blocked = false
  /** Goes on when the inner stream, which was ended, is over. */
  #whenOver: (() => void) | undefined
  /** Goes on when the reader wants more. */
  #whenRead: (() => void) | undefined

  /**
   * @param create makes the inner stream; called at once, and for the first value after each mark
   * @param continued whether the run goes on from a mark: then the first one, too, is made when a value comes.
   * Default: false.
   */
  constructor(create: () => Duplex, continued = false) {
    super({ objectMode: true })
    this.#create = create
    if (!continued) this.#renew()
  }

  override _write(value: unknown, _encoding: BufferEncoding, callback: Callback): void {
    if (value instanceof Mark) {
      this.#drain(() => {
        if (this.push(value)) callback()
        else this.#whenRead = callback
      })
      return
    }
    try {
      this.#hand(value, callback)
    } catch (error) {
      callback(error as Error)
    }
  }

  override _final(callback: Callback): void {
    this.#drain(() => {
      this.push(null)
      callback()
    })
  }

  override _read(): void {
    this.#inner?.resume()
    const goOn = this.#whenRead
    this.#whenRead = undefined
    goOn?.()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    const inner = this.#inner
    this.#inner = undefined
    if (inner !== undefined && !inner.closed && emitsClose(inner)) inner.once('close', () => callback(error))
    else callback(error)
    inner?.destroy()
  }

  #renew(): Duplex {
    const inner = this.#create()
    this.#inner = inner
    this.#over = false
    inner.on('data', value => {
      if (!this.push(value)) inner.pause()
    })
    finished(inner, error => this.#conclude(inner, error))
    return inner
  }

  #hand(value: unknown, callback: Callback): void {
    const inner = this.#inner ?? this.#renew()
    if (this.#over) throw prematureClose()
    if (inner.write(value)) {
      callback()
      return
    }
    this.#blocked = true
    inner.once('drain', () => {
      this.#blocked = false
      callback()
    })
  }

  /** Ends the inner stream, if there is one, and goes on when it has given everything. */
  #drain(goOn: () => void): void {
    const inner = this.#inner
    if (inner === undefined || this.#over) {
      this.#inner = undefined
      goOn()
      return
    }
    this.#whenOver = () => {
      this.#inner = undefined
      goOn()
    }
    inner.end()
  }

  #conclude(inner: Duplex, error: Error | null | undefined): void {
    if (inner !== this.#inner) return
    // finished() is content with a stream that was destroyed when its buffers happened to be empty.
    const ended = inner.readableEnded && inner.writableFinished
    if (error || !ended || this.#blocked) {
      this.destroy(error ?? prematureClose())
      return
    }
    this.#over = true
    const goOn = this.#whenOver
    this.#whenOver = undefined
    goOn?.()
  }
}
