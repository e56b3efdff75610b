/** The content of a Refusal besides its status and its message. */
export interface RefusalDetails {
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** Fields of a JSON body, after its message. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** The reason why a request is not served: thrown anywhere below the server, answered as an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, unknown>>

  constructor(status: number, message: string, { headers = {}, fields = {} }: RefusalDetails = {}) {
    super(message)
    this.status = status
    this.headers = headers
    this.fields = fields
  }
}
