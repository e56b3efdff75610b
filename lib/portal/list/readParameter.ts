import { Refusal } from '../Refusal.ts'

/*
 * Readers of one parameter. They return undefined if it is not given, and throw a Refusal if its value is invalid.
 * An empty value is invalid too: a portal that took it for "not given" would hide a client's bug.
 */

/** A whole number in digits; above the largest safe integer, that integer. */
export function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^-?\d+$/.test(text)) throw refusal(name, text, 'a whole number')
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}

/** A time in milliseconds since 1970, as an integer or, as some clients write it, like 2.678400318E9. */
export function readTime(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const time = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(time)) return time
  throw refusal(name, text, 'milliseconds since 1970, as 1275718091660 or 1.27571809166E12')
}

/** One of these words, in the same spelling. */
export function readWord<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const word = words.find(known => known === text)
  if (word !== undefined) return word
  throw refusal(name, text, `one of ${words.join(', ')}`)
}

function refusal(name: string, text: string, expected: string): Refusal {
  return new Refusal(400, `Parameter ${name}: expected ${expected}, got ${JSON.stringify(text)}`)
}
