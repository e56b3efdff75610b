/** An answer with its body. */
export interface HttpAnswer {
  status: number
  /** Names are in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** As it was sent, decoded: up to 16 MiB. */
  body: string
}

/** A record that an answer refuses. */
export interface RefusedRecord {
  /** Its place in the batch, from 0. */
  index: number
  /** Why, in the receiver's words. */
  reason?: string
}

/**
 * Reads an answer that is a 2xx (207, for example) or a 4xx by which records are refused, and names the single
 * records that the receiver refuses for good; the rest counts as accepted. Undefined leaves the decision to
 * the status: a 2xx accepts all of them, a 4xx none. Must not be asynchronous. What it throws, or names wrong,
 * ends the stream.
 *
 * @param answer the answer, with its body
 * @param records the batch, in the order in which it was sent
 */
export type ReadAnswer<T> = (
  answer: HttpAnswer,
  records: readonly T[],
) => { refused: readonly RefusedRecord[] } | undefined
