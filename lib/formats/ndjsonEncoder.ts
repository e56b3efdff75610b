import type { Encoder } from './Encoder.ts'
import { jsonText } from './jsonText.ts'

/** One JSON text a line (NDJSON). No records give an empty document. */
export function ndjsonEncoder(): Encoder {
  return {
    encode: record => `${jsonText(record)}\n`,
    end: () => '',
  }
}
