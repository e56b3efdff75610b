import type { Json } from '../stage/Stage.ts'
import type { Encoder } from './Encoder.ts'
import { jsonText } from './jsonText.ts'

/** One JSON array, a record a line. No records give `[]`. */
export function jsonEncoder(state?: Json): Encoder {
  let { isEmpty } = (state as { isEmpty: boolean } | undefined) ?? { isEmpty: true }
  return {
    encode(record) {
      const text = jsonText(record)
      const before = isEmpty ? '[\n' : ',\n'
      isEmpty = false
      return before + text
    },
    end: () => (isEmpty ? '[]\n' : '\n]\n'),
    state: () => ({ isEmpty }),
  }
}
