import { checkLeadCount, checkNames, checkSeed, checkWhole, refused } from './checkOption.ts'
import type { Bounds, PortalOptions } from './PortalOptions.ts'

/** The options of a portal, checked, with their defaults. What is undefined was not given. */
export interface Settings {
  leads: PortalOptions['leads'] | undefined
  seed: number | undefined
  db: string | undefined
  accessToken: string
  port: number
  startTime: Bounds
  stopTime: Bounds
  now: () => number
}

/** What the store depends on. */
export type StoreSettings = Pick<Settings, 'leads' | 'seed' | 'db'>

const bounds: readonly unknown[] = ['inclusive', 'exclusive'] satisfies Bounds[]

/**
 * Checks the options that a user gave. An option that is `undefined` counts as not given.
 *
 * @throws PortalError OPTION, naming the option, the value received and what is expected.
 */
export function checkOptions(options: unknown): Settings {
  checkNames(options, ['leads', 'seed', 'db', 'accessToken', 'port', 'startTime', 'stopTime', 'now'])
  const {
    leads,
    seed,
    db,
    accessToken = 'demooooo-oooo-oooo-oooo-oooooooooooo',
    port = 0,
    startTime = 'exclusive',
    stopTime = 'inclusive',
    now = Date.now,
  } = options
  return {
    leads: checkLeads(leads),
    seed: seed === undefined ? undefined : checkSeed(seed),
    db: checkDb(db),
    accessToken: checkToken(accessToken),
    port: checkWhole('port', port, 65_535),
    startTime: checkBounds('startTime', startTime),
    stopTime: checkBounds('stopTime', stopTime),
    now: checkClock(now),
  }
}

function checkLeads(leads: unknown): Settings['leads'] {
  if (leads === undefined || (typeof leads === 'string' && leads !== '')) return leads
  if (typeof leads === 'number') return checkLeadCount('leads', leads)
  if (isIterable(leads)) return leads
  throw refused('leads', 'a count, an iterable of leads, or the path of an NDJSON file', leads)
}

function isIterable(value: unknown): value is Iterable<object> | AsyncIterable<object> {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  )
}

function checkDb(db: unknown): string | undefined {
  if (db === undefined || (typeof db === 'string' && db !== '' && db !== ':memory:')) return db
  throw refused('db', 'the path of a file (leave it out to hold the leads in memory)', db)
}

function checkToken(token: unknown): string {
  if (typeof token === 'string' && token !== '') return token
  // A token never shows in a message, not even one of the wrong type.
  throw refused('accessToken', 'a text that is not empty', token === '' ? token : typeof token)
}

function checkBounds(name: string, value: unknown): Bounds {
  if (bounds.includes(value)) return value as Bounds
  throw refused(name, '"inclusive" or "exclusive"', value)
}

function checkClock(now: unknown): () => number {
  if (typeof now === 'function') return now as () => number
  throw refused('now', 'a function that gives milliseconds since 1970', now)
}
