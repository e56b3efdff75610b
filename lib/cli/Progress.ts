import type { Report } from '../index.ts'
import type { Output } from './Host.ts'
import { type Noun, plural, size, span } from './inWords.ts'

/** Milliseconds between two lines of progress on a stream that is not a terminal. */
const lineInterval = 10_000

/** A shorter wait is not shown: it is over before it is read. */
const shortestWait = 1_000

/**
 * Shows how far a run is, and what it waits for: on a terminal in one line that is overwritten again and again, on any
 * other stream in a line every ten seconds. Notes stay.
 */
export class Progress {
  readonly #stream: Output | undefined
  readonly #hasLines: boolean
  readonly #noun: Noun
  #lastLine = 0
  #wait = { until: 0, reason: '' }

  /**
   * @param stream nothing is shown without one
   * @param hasLines whether a stream that is not a terminal gets lines
   * @param noun what the source delivers
   */
  constructor(stream: Output | undefined, hasLines: boolean, noun: Noun) {
    this.#stream = stream
    this.#hasLines = hasLines
    this.#noun = noun
  }

  /** Shows the numbers so far. */
  show(report: Report): void {
    const { duration } = report
    if (this.#stream?.isTTY) {
      this.clear()
      // A line that is longer than the terminal would be two lines, and only one is overwritten.
      this.#stream.write(this.#text(report).slice(0, (this.#stream.columns ?? 80) - 1))
    } else if (this.#hasLines && duration - this.#lastLine >= lineInterval) {
      this.#lastLine = duration
      this.note(this.#text(report))
    }
  }

  /** The run waits: for so many milliseconds, and for this reason. The longest wait is shown. */
  waits(milliseconds: number, reason: string): void {
    if (milliseconds < shortestWait) return
    const until = performance.now() + milliseconds
    if (until > this.#wait.until) this.#wait = { until, reason }
  }

  note(text: string): void {
    this.clear()
    this.#stream?.write(`leadpipe: ${text}\n`)
  }

  /** Removes the changing line. */
  clear(): void {
    if (this.#stream?.isTTY) this.#stream.write('\r\x1b[2K')
  }

  #text({ read: records, source, duration }: Report): string {
    const { pages = 0, bytes = 0 } = source ?? {}
    const read = source === undefined ? '' : `, ${plural(pages, 'page')}, ${size(bytes)}`
    const left = this.#wait.until - performance.now()
    const waiting = left <= 0 ? '' : `; waiting ${span(left)} for ${this.#wait.reason}`
    return `${plural(records, this.#noun)}${read}, ${span(duration)}${waiting}`
  }
}
