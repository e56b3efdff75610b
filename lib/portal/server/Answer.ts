/** The portal's answer to one request. */
export interface Answer {
  readonly status: number
  /** Besides Content-Length and Date; Content-Type only if the body is not JSON. */
  readonly headers: Readonly<Record<string, string>>
  /** The body in UTF-8, in any number of pieces. */
  readonly body: readonly Buffer[]
}

/** Number of bytes in the body of an answer. */
export function bodyBytes({ body }: Answer): number {
  return body.reduce((sum, piece) => sum + piece.length, 0)
}
