import type { Report } from '../index.ts'
import type { Output } from './Host.ts'
import { plural, size, span } from './inWords.ts'

/** One line on a terminal that is written over and over, and notes that stay. */
export interface ProgressLine {
  show(report: Report): void
  note(text: string): void
  clear(): void
}

/** Writes to a stream; without one, nothing. Only a terminal gets the line that changes. */
export function progressLine(stream: Output | undefined): ProgressLine {
  const terminal = stream?.isTTY ? stream : undefined
  const clear = () => terminal?.write('\r\x1b[2K')
  return {
    show({ leads, source, duration }) {
      clear()
      const pages = source === undefined ? '' : `, ${plural(source.pages, 'page')}, ${size(source.bytes)}`
      terminal?.write(`${plural(leads, 'lead')}${pages}, ${span(duration)}`)
    },
    note(text) {
      clear()
      stream?.write(`leadpipe: ${text}\n`)
    },
    clear,
  }
}
