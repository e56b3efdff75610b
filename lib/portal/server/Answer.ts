/** What the portal answers to one request. */
export interface Answer {
  readonly status: number
  /** Besides Content-Type, Content-Length and Date, which every answer has. */
  readonly headers: Readonly<Record<string, string>>
  /** The body, JSON in UTF-8, in as many pieces as it was made of. */
  readonly body: readonly Buffer[]
}
