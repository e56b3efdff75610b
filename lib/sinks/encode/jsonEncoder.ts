import type { Encoder } from './Encoder.ts'
import { jsonText } from './jsonText.ts'

/**
 * One JSON array, a record a line. No records give `[]`.
 *
 * @param records how many are in the array already; it goes on behind them
 */
export function jsonEncoder(records = 0): Encoder {
  let empty = records === 0
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
