import { InvalidArgumentError } from 'commander'
import type { RateLimit } from '../index.ts'

/*
 * From what stands on the command line to values of the API. What a value may be is the API's to say: these
 * only refuse what can't be read at all. And back: the flag that gave an option, for messages.
 */

/** A number. */
export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Expected a number.')
  return value
}

/** Milliseconds since 1970, or a date and time in ISO 8601; a date alone is its beginning in UTC. */
export function time(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  const value = /^\d{4}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(value)) {
    throw new InvalidArgumentError(
      'Expected milliseconds since 1970, or a time such as 2012-06-30 or 2012-06-30T12:00:00Z.',
    )
  }
  return value
}

/** N/SECONDS, for example 100/10. */
export function rate(text: string): RateLimit {
  const [, requests, seconds] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (requests === undefined || seconds === undefined) {
    throw new InvalidArgumentError('Expected N/SECONDS, for example 100/10 (100 requests in any 10 seconds).')
  }
  return { requests: Number(requests), interval: Math.round(Number(seconds) * 1_000) }
}

/** A comma-separated list of paths, or of NAME=PATH. */
export function selection(text: string): Record<string, string> {
  const fields = text.split(',').map((part): [string, string] => {
    const [name = '', path = name] = part.split('=', 2).map(side => side.trim())
    if (name === '' || path === '') {
      throw new InvalidArgumentError('Expected a list such as guid,email,status=crmDetails.status.')
    }
    return [name, path]
  })
  const selected = Object.fromEntries(fields)
  if (Object.keys(selected).length < fields.length)
    throw new InvalidArgumentError('A name stands there twice.')
  return selected
}

/** One more of an option that may be given several times. */
export function append(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}

/** The flags whose names are not the option's own. */
const renamed: Readonly<Record<string, string>> = { guids: 'guid', rateLimit: 'rate' }

/**
 * The flag that gave an option, as the user writes it: `--rate (requests)` for `rateLimit.requests`.
 *
 * @param option the path of the option in the API
 * @param flags what was given, by commander's names
 * @returns undefined when no flag gave it
 */
export function flagOf(option: string, flags: object): string | undefined {
  // The path of a checkpoint is all that --checkpoint holds.
  const names = option
    .replace(/^checkpoint\.path$/, 'checkpoint')
    .split('.')
    .map(name => renamed[name] ?? name)
  const index = names.findLastIndex(name => (flags as Record<string, unknown>)[name] !== undefined)
  const flag = names[index]?.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  const inside = names.slice(index + 1).join('.')
  return flag === undefined ? undefined : `--${flag}${inside === '' ? '' : ` (${inside})`}`
}
