import type { Encoder } from './Encoder.ts'
import { jsonText } from './jsonText.ts'

/** One JSON array, a record a line. No records give `[]`. */
export function jsonEncoder(): Encoder {
  let empty = true
  return {
    encode(record) {
      const text = jsonText(record)
      const before = empty ? '[\n' : ',\n'
      empty = false
      return before + text
    },
    end: () => (empty ? '[]\n' : '\n]\n'),
  }
}
