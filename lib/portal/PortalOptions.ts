import type { PropertyDefinition } from './crm/properties/PropertyDefinition.ts'
import type { NewRecord } from './crm/records/NewRecord.ts'
import type { FaultRule } from './faults/FaultRule.ts'

/** The values of the options `startTime` and `stopTime`: whether a time equal to the bound is included. */
export type Bounds = 'inclusive' | 'exclusive'

/** Leads that are not in a file: any iterable of plain objects. */
export type LeadIterable = Iterable<object> | AsyncIterable<object>

/** Records of a type other than contacts: any iterable of them. */
export type ObjectIterable = Iterable<NewRecord> | AsyncIterable<NewRecord>

/**
 * The number of requests that a portal serves in any interval of the given length, by its own clock. Each limit is a
 * whole number from 0 (which refuses all) to 100,000,000; an omitted limit does not apply. Only requests with the
 * token count, and refused ones do not. Searches and reads of associations count for their own limit and for the day.
 */
export interface RateLimit {
  /** In any 10 seconds; policy TEN_SECONDLY_ROLLING. Default: no limit. */
  tenSecondly?: number | undefined
  /** In any second; policy SECONDLY. Default: no limit. */
  secondly?: number | undefined
  /** In any 24 hours; policy DAILY. Default: no limit. */
  daily?: number | undefined
  /** Searches of CRM objects in any second; policy SECONDLY, and no headers. Default: 5, as in every account. */
  search?: number | undefined
  /** Reads of associations in any 10 seconds; policy TEN_SECONDLY_ROLLING. Default: no limit. */
  associations?: number | undefined
  /**
   * The Retry-After header of a 429: whole `seconds`, a `date`, or no header (`none`); real portals have sent all of
   * these. Seconds and dates are rounded up: a client that waits as long is served. Default: `seconds`.
   */
  retryAfter?: 'seconds' | 'date' | 'none' | undefined
}

/** The options of `createPortal`. All are optional; a wrong one is refused before anything is opened. */
export interface PortalOptions {
  /**
   * The leads that the portal holds:
   *
   * - a count: this number of generated leads, 0 to 100,000,000;
   * - an iterable or async iterable: your own leads, served as `JSON.stringify` writes them. They need not be valid
   *   leads, but two with the same `guid` are refused;
   * - a string: the path of an NDJSON file, one lead per line; empty lines are skipped.
   *
   * Default: the leads that `db` already holds, or 1,000 generated ones.
   */
  leads?: number | LeadIterable | string | undefined
  /**
   * The records of each type of CRM objects besides contacts, which are the leads: by a name (`companies`, `deals`,
   * `tickets`, `leads`) or a type id (`0-2`, `2-123`), a count of generated records (0 to 100,000,000) or an iterable
   * of your own. Generated records are associated with contacts, your own as they say. They are not kept in `db`.
   * Default: none.
   */
  objects?: Readonly<Record<string, number | ObjectIterable>> | undefined
  /**
   * Custom properties of each type: names, or definitions. A custom property of a contact is a field of the lead with
   * the same name. Records of other types may have properties that are not defined here; they count as text. Default:
   * none.
   */
  properties?: Readonly<Record<string, readonly (string | PropertyDefinition)[]>> | undefined
  /**
   * The scopes of the token, such as `crm.objects.contacts.read`: a request that needs another one is answered with
   * 403. Default: all.
   */
  scopes?: readonly string[] | undefined
  /**
   * How far the index of searches is behind, in milliseconds from 0 to 31,536,000,000: a search does not find records
   * that were modified within this time. Default: 0.
   */
  searchLag?: number | undefined
  /** Selects the generated leads: a whole number from 0 to 4294967295. Not needed for your own leads. Default: 1. */
  seed?: number | undefined
  /**
   * Path of the SQLite file that keeps the leads from one start to the next. A missing file is created. A file that
   * holds exactly the requested generated leads is served at once. A file with anything else is refused and not
   * changed. Changes (PUT, faults, `insert`, `update`) are kept in it too; a file with changed leads is served if
   * neither `leads` nor `seed` is given. Default: none, the leads are held in memory.
   */
  db?: string | undefined
  /**
   * The token that requests must carry, as `access_token=`, `hapikey=` or `Authorization: Bearer`. Default:
   * `demooooo-oooo-oooo-oooo-oooooooooooo`, the token of the API's documentation.
   */
  accessToken?: string | undefined
  /**
   * The refresh token that `POST /oauth/v1/token` exchanges for a new access token. Default:
   * `refresho-oooo-oooo-oooo-oooooooooooo`.
   */
  refreshToken?: string | undefined
  /**
   * How long an access token is valid, in milliseconds of the portal's clock: 1 to 100,000,000,000. `accessToken` is
   * valid from the start of the portal, every other from the time at which it was issued. Default: forever; the
   * portal then says that new tokens expire in 1,800 seconds, as HubSpot does.
   */
  tokenLifetime?: number | undefined
  /**
   * Whether the API of 2011 is served: `/leads/v1/…`. Without it, these paths are answered with 404, as HubSpot does
   * for paths that it has removed. Default: true.
   */
  leadsApi?: boolean | undefined
  /**
   * Whether the old list of contacts is served: `/contacts/v1/lists/all/contacts/all`, until September 2027. Without
   * it, the path is answered with 404. Default: true.
   */
  contactsV1?: boolean | undefined
  /**
   * Form submissions from before this time have no `conversionId`, as some old ones of real portals: milliseconds
   * since 1970. The old list of contacts names all of them. Default: all submissions have one.
   */
  conversionIdsSince?: number | undefined
  /** The port on 127.0.0.1: 1 to 65535, or 0 for any free one. Default: 0. */
  port?: number | undefined
  /** Whether a lead exactly at startTime is listed. Default: `exclusive`, "after this time" as documented. */
  startTime?: Bounds | undefined
  /** Whether a lead exactly at stopTime is listed. The documentation does not say. Default: `inclusive`. */
  stopTime?: Bounds | undefined
  /**
   * Whether the portal is integrated with Salesforce.com: a `tied` portal refuses to close leads by `closedAt`
   * (400), as documented. Default: `none`.
   */
  salesforce?: 'tied' | 'none' | undefined
  /**
   * Whether bodies are compressed: `auto` if the request's Accept-Encoding allows gzip, `never` for no compression.
   * Default: `auto`.
   */
  gzip?: 'auto' | 'never' | undefined
  /**
   * The body of an error: `json`, like HubSpot's own errors, or an `html` page like those that its Tomcat was seen
   * to send. The page of a 429 does not name a policy. Default: `json`.
   */
  errors?: 'json' | 'html' | undefined
  /** Limits for the requests in any second, any ten seconds and any day. Default: no limit. */
  rateLimit?: RateLimit | undefined
  /**
   * The faults, and when they occur: rules as text (`'page=2 x1:status=503; 10%:reset'`) or as objects. The README
   * of the portal describes the language on one page. Default: none.
   */
  faults?: string | readonly FaultRule[] | undefined
  /**
   * Selects the course of the faults: which requests a share such as `10%` hits, which leads are deleted. A whole
   * number from 0 to 4294967295; the same faults, seed and requests give the same course. Default: the seed of the
   * leads.
   */
  faultSeed?: number | undefined
  /**
   * The portal's clock: milliseconds since 1970. Used for the stopTime of requests without one, the `Date` header,
   * the time of changes, rate limits, and the `at` of {@link PortalRequest}. Delays, stalls and drips of faults take
   * real time. Default: `Date.now`.
   */
  now?: (() => number) | undefined
}
