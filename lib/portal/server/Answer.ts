/** What the portal answers to one request. */
export interface Answer {
  readonly status: number
  /** Besides Content-Length and Date; Content-Type only where the body is no JSON. */
  readonly headers: Readonly<Record<string, string>>
  /** The body in UTF-8, in as many pieces as it was made of. */
  readonly body: readonly Buffer[]
}

/** How many bytes the body of an answer has. */
export function bodyBytes({ body }: Answer): number {
  return body.reduce((sum, piece) => sum + piece.length, 0)
}
