import {
  checkCount,
  checkFlag,
  checkNames,
  checkSeed,
  checkWhole,
  checkWord,
  isIterable,
  optionError,
  refused,
} from './checkOption.ts'
import {
  type CheckedObjects,
  type CheckedProperties,
  checkObjects,
  checkProperties,
} from './crm/checkCrmOptions.ts'
import type { FaultRule } from './faults/FaultRule.ts'
import { checkFaults } from './faults/language/checkFaults.ts'
import { parseFaults } from './faults/language/parseFaults.ts'
import type { Bounds, PortalOptions, RateLimit } from './PortalOptions.ts'

/** The checked options of a portal, with their defaults. undefined means not given. */
export interface Settings {
  leads: PortalOptions['leads'] | undefined
  objects: CheckedObjects
  properties: CheckedProperties
  scopes: readonly string[] | undefined
  searchLag: number
  seed: number | undefined
  db: string | undefined
  accessToken: string
  refreshToken: string
  tokenLifetime: number | undefined
  leadsApi: boolean
  contactsV1: boolean
  conversionIdsSince: number | undefined
  port: number
  startTime: Bounds
  stopTime: Bounds
  salesforce: 'tied' | 'none'
  gzip: 'auto' | 'never'
  errors: 'json' | 'html'
  rateLimit: RateLimit
  faults: readonly FaultRule[]
  faultSeed: number
  now: () => number
}

/** The settings that the store depends on. */
export type StoreSettings = Pick<Settings, 'leads' | 'seed' | 'db'>

const names = [
  'leads',
  'objects',
  'properties',
  'scopes',
  'searchLag',
  'seed',
  'db',
  'accessToken',
  'refreshToken',
  'tokenLifetime',
  'leadsApi',
  'contactsV1',
  'conversionIdsSince',
  'port',
  'startTime',
  'stopTime',
  'salesforce',
  'gzip',
  'errors',
  'rateLimit',
  'faults',
  'faultSeed',
  'now',
] as const satisfies (keyof PortalOptions)[]
const limits = ['tenSecondly', 'secondly', 'daily', 'search', 'associations'] as const
const bounds = ['inclusive', 'exclusive'] as const

/**
 * Checks a user's options. An option that is `undefined` counts as not given.
 *
 * @throws PortalError OPTION, naming the option, the received and the expected value.
 */
export function checkOptions(options: unknown): Settings {
  checkNames(options, names)
  const {
    seed,
    accessToken = 'demooooo-oooo-oooo-oooo-oooooooooooo',
    refreshToken = 'refresho-oooo-oooo-oooo-oooooooooooo',
    tokenLifetime,
    leadsApi = true,
    contactsV1 = true,
    conversionIdsSince,
    port = 0,
    startTime = 'exclusive',
    stopTime = 'inclusive',
    salesforce = 'none',
    gzip = 'auto',
    errors = 'json',
    rateLimit = {},
    faults = [],
    faultSeed = seed ?? 1,
    now = Date.now,
  } = options
  return {
    leads: checkLeads(options.leads),
    objects: checkObjects(options.objects),
    properties: checkProperties(options.properties),
    scopes: checkScopes(options.scopes),
    searchLag: checkWhole('searchLag', options.searchLag ?? 0, 31_536_000_000),
    seed: seed === undefined ? undefined : checkSeed('seed', seed),
    db: checkDb(options.db),
    accessToken: checkToken('accessToken', accessToken),
    refreshToken: checkToken('refreshToken', refreshToken),
    tokenLifetime: tokenLifetime === undefined ? undefined : checkLifetime(tokenLifetime),
    leadsApi: checkFlag('leadsApi', leadsApi),
    contactsV1: checkFlag('contactsV1', contactsV1),
    conversionIdsSince: conversionIdsSince === undefined ? undefined : checkTime(conversionIdsSince),
    port: checkWhole('port', port, 65_535),
    startTime: checkWord('startTime', startTime, bounds),
    stopTime: checkWord('stopTime', stopTime, bounds),
    salesforce: checkWord('salesforce', salesforce, ['tied', 'none']),
    gzip: checkWord('gzip', gzip, ['auto', 'never']),
    errors: checkWord('errors', errors, ['json', 'html']),
    rateLimit: checkRateLimit(rateLimit),
    faults: typeof faults === 'string' ? parseFaults(faults) : checkFaults(faults),
    faultSeed: checkSeed('faultSeed', faultSeed),
    now: checkClock(now),
  }
}

function checkLeads(leads: unknown): Settings['leads'] {
  if (leads === undefined || (typeof leads === 'string' && leads !== '')) return leads
  if (typeof leads === 'number') return checkCount('leads', leads)
  if (isIterable(leads)) return leads
  throw refused('leads', 'a count, an iterable of leads, or the path of an NDJSON file', leads)
}

function checkScopes(scopes: unknown): readonly string[] | undefined {
  if (scopes === undefined) return undefined
  if (Array.isArray(scopes) && scopes.every(scope => typeof scope === 'string')) return scopes
  throw refused('scopes', 'an array of scopes, such as crm.objects.contacts.read', scopes)
}

function checkDb(db: unknown): string | undefined {
  if (db === undefined || (typeof db === 'string' && db !== '' && db !== ':memory:')) return db
  throw refused('db', 'the path of a file (omit it to keep the leads in memory)', db)
}

function checkToken(option: string, token: unknown): string {
  if (typeof token === 'string' && token !== '') return token
  // A token never appears in a message, not even one of the wrong type.
  const received = token === '' ? "''" : `a value of type ${typeof token}`
  const expected = 'a string that is not empty'
  throw optionError({ owner: 'createPortal()', option, expected, received })
}

function checkLifetime(lifetime: unknown): number {
  const most = 100_000_000_000
  if (typeof lifetime === 'number' && Number.isInteger(lifetime) && lifetime >= 1 && lifetime <= most) {
    return lifetime
  }
  throw refused('tokenLifetime', `milliseconds, an integer from 1 to ${most}`, lifetime)
}

function checkTime(time: unknown): number {
  if (typeof time === 'number' && Number.isFinite(time)) return time
  throw refused('conversionIdsSince', 'milliseconds since 1970', time)
}

function checkRateLimit(rateLimit: unknown): RateLimit {
  checkNames(rateLimit, [...limits, 'retryAfter'], { option: 'rateLimit' })
  const { retryAfter = 'seconds' } = rateLimit
  const words = ['seconds', 'date', 'none'] as const
  const checked: RateLimit = { search: 5, retryAfter: checkWord('rateLimit.retryAfter', retryAfter, words) }
  for (const name of limits) {
    if (rateLimit[name] !== undefined) checked[name] = checkCount(`rateLimit.${name}`, rateLimit[name])
  }
  return checked
}

function checkClock(now: unknown): () => number {
  if (typeof now === 'function') return now as () => number
  throw refused('now', 'a function that returns milliseconds since 1970', now)
}
