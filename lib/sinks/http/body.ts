import { createHash } from 'node:crypto'

/** How the texts of records become a body. */
export interface BodyFormat {
  contentType: string
  /** What stands before the first record, between two, and behind the last. */
  before: string
  between: string
  after: string
}

/** The formats that a body can have. */
export const bodyFormats = {
  ndjson: { contentType: 'application/x-ndjson', before: '', between: '\n', after: '\n' },
  json: { contentType: 'application/json', before: '[', between: ',', after: ']' },
  single: { contentType: 'application/json', before: '', between: '', after: '' },
} as const satisfies Record<string, BodyFormat>

/** One of {@link bodyFormats}: NDJSON, a JSON array, or one record a request as it is. */
export type BodyFormatName = keyof typeof bodyFormats

/** The body of records, by their texts. */
export function bodyOf(texts: readonly string[], { before, between, after }: BodyFormat): Buffer {
  return Buffer.from(before + texts.join(between) + after)
}

/**
 * The Idempotency-Key of a batch, 64 hexadecimal digits: the same batch of the same run has the same key
 * whenever it is sent, and no two bodies share one.
 *
 * @param position how many records of the stream came before the batch's first
 * @param body before compression
 */
export function batchKey(runId: string, position: number, body: Uint8Array): string {
  // A run id has no line break: each part of what is digested ends where the next begins.
  return createHash('sha256').update(`${runId}\n${position}\n`).update(body).digest('hex')
}
