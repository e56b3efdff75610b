import { inspect } from 'node:util'
import { messageOf } from '../../errors.ts'
import { redactor } from '../../http/redact.ts'

/** Shorter texts are no secrets, and would be found in every other word. */
const leastLength = 4

/** Removes the secrets of one destination from what it answers, and from what is told of it. */
export class Secrets {
  readonly #redactors: readonly ((text: string) => string)[]

  /** Every header's value and every value of the query is a secret; so are the words that they consist of. */
  constructor(headers: Readonly<Record<string, string>>, { search, searchParams }: URL) {
    const given = Object.values(headers).flatMap(partsOf)
    const inQuery = search.slice(1).split('&')
    const values = inQuery.map(field => field.slice(field.indexOf('=') + 1))
    this.#redactors = [...new Set([...given, ...values, ...searchParams.values()])]
      .filter(secret => secret.length >= leastLength && /^[\x20-\x7e]+$/.test(secret))
      .toSorted((a, b) => b.length - a.length)
      .map(secret => redactor(secret))
  }

  /** A text without them, in whatever way they are escaped. */
  redact(text: string): string {
    return this.#redactors.reduce((clean, redact) => redact(clean), text)
  }

  /** What a function of the user's threw, which may repeat the answer that it read. */
  redactError(thrown: unknown): unknown {
    const text = inspect(thrown, { depth: 10, showHidden: true, maxStringLength: null })
    return this.redact(text) === text ? thrown : new Error(this.redact(messageOf(thrown)))
  }
}

/** A header's value, the words of it, and user and password of Basic credentials. */
function partsOf(value: string): string[] {
  const words = value.split(/[\s,;]+/)
  const [scheme, credentials] = words
  if (scheme?.toLowerCase() !== 'basic' || credentials === undefined) return [value, ...words]
  const plain = Buffer.from(credentials, 'base64').toString()
  const colon = plain.indexOf(':')
  return [value, ...words, plain, plain.slice(0, Math.max(colon, 0)), plain.slice(colon + 1)]
}
