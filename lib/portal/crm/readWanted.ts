import { readJson } from '../lead/readJson.ts'
import { isObject } from '../leads/isObject.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { crmRefusal } from './crmRefusal.ts'
import type { Records } from './records/Records.ts'
import { recordsOf } from './recordsOf.ts'

/** What a request wants to know about each record. */
export interface Wanted {
  /** Empty if the request names none. */
  readonly properties: readonly string[]
  readonly history: readonly string[]
  readonly associations: readonly Records[]
  /** Whether the path has a version by date: then records have a `url`. */
  readonly isDated: boolean
}

/** Reads the parameters of a list, or of one record. */
export function wantedInQuery({ query, path }: Call, served: Served): Wanted {
  const list = (name: string): string[] =>
    query
      .getAll(name)
      .flatMap(text => text.split(','))
      .map(text => text.trim())
      .filter(text => text !== '')
  return {
    properties: list('properties'),
    history: list('propertiesWithHistory'),
    associations: list('associations').map(type => recordsOf(served, type)),
    isDated: isDated(path),
  }
}

/** Reads the same of the body of a search or of a batch read. */
export function wantedInBody(body: Readonly<Record<string, unknown>>, path: string): Wanted {
  return {
    properties: textsIn(body, 'properties'),
    history: textsIn(body, 'propertiesWithHistory'),
    associations: [],
    isDated: isDated(path),
  }
}

/**
 * Reads the body of a POST.
 *
 * @throws Refusal 400 for a body that is not a JSON object.
 */
export function readObject(body: Buffer): Readonly<Record<string, unknown>> {
  const value = readJson(body)
  if (isObject(value)) return value
  throw crmRefusal(400, 'Invalid input JSON: expected an object')
}

/** An array of texts in a body; empty if it is missing. */
function textsIn(body: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const texts = body[name] ?? []
  if (Array.isArray(texts) && texts.every(text => typeof text === 'string')) return texts
  throw crmRefusal(400, `Invalid input JSON: ${name}: expected an array of texts`)
}

const isDated = (path: string): boolean => path.startsWith('/crm/objects/')
