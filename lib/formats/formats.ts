import type { EncoderOf } from './Encoder.ts'
import { jsonEncoder, ndjsonEncoder } from './json.ts'

/** The formats that records can be written in. */
export const formats = { ndjson: ndjsonEncoder, json: jsonEncoder } as const satisfies Record<
  string,
  EncoderOf
>

/** One of {@link formats}. */
export type Format = keyof typeof formats

/** The names of the formats. */
export const formatNames = Object.keys(formats) as Format[]
