import { redactedError, redactor } from '../../http/redact.ts'

/** Shorter texts are not treated as secrets: they would match in many ordinary words. */
const minLength = 4

/** Removes the secrets of one destination from its answers, and from messages about it. */
export class Secrets {
  readonly #redactors: readonly ((text: string) => string)[]

  /** Every value of a header or of the query is a secret, and so is each word of a header's value. */
  constructor(headers: Readonly<Record<string, string>>, { search, searchParams }: URL) {
    const inHeaders = Object.values(headers).flatMap(partsOf)
    const inQuery = search.slice(1).split('&')
    const values = inQuery.map(field => field.slice(field.indexOf('=') + 1))
    this.#redactors = [...new Set([...inHeaders, ...values, ...searchParams.values()])]
      .filter(secret => secret.length >= minLength && /^[\x20-\x7e]+$/.test(secret))
      .toSorted((a, b) => b.length - a.length)
      .map(secret => redactor(secret))
  }

  /** Removes the secrets from a text, however they are escaped. */
  redact(text: string): string {
    return this.#redactors.reduce((clean, redact) => redact(clean), text)
  }

  /** Redacts the error of a user's function, which may repeat the answer that it read. */
  redactError(thrown: unknown): unknown {
    return redactedError(thrown, text => this.redact(text))
  }
}

/** A header's value, its words, and user and password of Basic credentials. */
function partsOf(value: string): string[] {
  const words = value.split(/[\s,;]+/)
  const [scheme, credentials] = words
  if (scheme?.toLowerCase() !== 'basic' || credentials === undefined) return [value, ...words]
  const plain = Buffer.from(credentials, 'base64').toString()
  const colon = plain.indexOf(':')
  return [value, ...words, plain, plain.slice(0, Math.max(colon, 0)), plain.slice(colon + 1)]
}
