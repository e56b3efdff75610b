import type { Encoder } from './Encoder.ts'
import { jsonEncoder } from './jsonEncoder.ts'
import { ndjsonEncoder } from './ndjsonEncoder.ts'

/** The formats that records can be written in; an encoder goes on behind so many records. */
export const formats = { ndjson: ndjsonEncoder, json: jsonEncoder } as const satisfies Record<
  string,
  (records?: number) => Encoder
>

/** One of {@link formats}. */
export type Format = keyof typeof formats

/** The names of the formats. */
export const formatNames = Object.keys(formats) as Format[]
