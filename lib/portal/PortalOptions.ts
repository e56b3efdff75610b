import type { FaultRule } from './faults/FaultRule.ts'

/** What the options `startTime` and `stopTime` may be: whether a time equal to the bound is in. */
export type Bounds = 'inclusive' | 'exclusive'

/** Where leads may come from, if not from a file: any iterable of plain objects. */
export type LeadIterable = Iterable<object> | AsyncIterable<object>

/**
 * How many requests a portal serves in any stretch of time, by its own clock. Each limit is a whole number
 * from 0 (which refuses all) to 100,000,000; one that is left out does not limit. Only requests that carry
 * the token count, and a refused one does not.
 */
export interface RateLimit {
  /** In any 10 seconds; policy TEN_SECONDLY_ROLLING. Default: no limit. */
  tenSecondly?: number | undefined
  /** In any second; policy SECONDLY. Default: no limit. */
  secondly?: number | undefined
  /** In any 24 hours; policy DAILY. Default: no limit. */
  daily?: number | undefined
  /**
   * What a 429 says about when to come back, in Retry-After: whole `seconds`, a `date`, or nothing (`none`),
   * as portals have done. Both are rounded up: who waits so long is served. Default: `seconds`.
   */
  retryAfter?: 'seconds' | 'date' | 'none' | undefined
}

/** The options of `createPortal`. All are optional; a wrong one is refused before anything is opened. */
export interface PortalOptions {
  /**
   * The leads that the portal holds:
   *
   * - a count: so many generated ones, 0 to 100,000,000;
   * - an iterable or async iterable: your own, served as `JSON.stringify` gives them. They need not be valid
   *   leads, but two with the same `guid` are refused;
   * - a text: the path of an NDJSON file, one lead a line, empty lines skipped.
   *
   * Default: what `db` already holds, or else 1,000 generated ones.
   */
  leads?: number | LeadIterable | string | undefined
  /** Which leads are generated: a whole number from 0 to 4294967295. Own leads need none. Default: 1. */
  seed?: number | undefined
  /**
   * Path of the SQLite file that keeps the leads from one start to the next. It is created when it is
   * missing; one that holds exactly the generated leads asked for is served at once; one that holds anything
   * else is refused and left alone. Changes (PUT, faults, `insert`, `update`) are kept in it too; leads that
   * were changed are served when neither `leads` nor `seed` is given. Default: none, the leads are held in
   * memory.
   */
  db?: string | undefined
  /**
   * The token that requests must carry, as `access_token=`, `hapikey=` or `Authorization: Bearer`.
   * Default: `demooooo-oooo-oooo-oooo-oooooooooooo`, that of the API's documentation.
   */
  accessToken?: string | undefined
  /** The port on 127.0.0.1: 1 to 65535, or 0 for any free one. Default: 0. */
  port?: number | undefined
  /** Whether a lead exactly at startTime is in the list. Default: `exclusive`, "after this time" as documented. */
  startTime?: Bounds | undefined
  /** Whether a lead exactly at stopTime is in the list. The documentation does not say. Default: `inclusive`. */
  stopTime?: Bounds | undefined
  /**
   * Whether the portal is integrated with Salesforce.com: `tied` portals refuse to close leads by `closedAt`
   * (400), as documented. Default: `none`.
   */
  salesforce?: 'tied' | 'none' | undefined
  /**
   * Whether bodies are compressed: `auto` when the request's Accept-Encoding allows gzip, `never` to send
   * them as they are. Default: `auto`.
   */
  gzip?: 'auto' | 'never' | undefined
  /**
   * What the body of an error is: `json`, as HubSpot's own errors, or an `html` page such as its Tomcat was
   * seen to send. In a page a 429 names no policy. Default: `json`.
   */
  errors?: 'json' | 'html' | undefined
  /** How many requests are served in any second, ten seconds, day. Default: no limit. */
  rateLimit?: RateLimit | undefined
  /**
   * What goes wrong, and when: rules as text (`'page=2 x1:status=503; 10%:reset'`) or as objects. The README
   * of the portal has the language on one page. Default: none.
   */
  faults?: string | readonly FaultRule[] | undefined
  /**
   * Which of many possible courses faults take: which requests a share such as `10%` hits, which leads are
   * deleted. A whole number from 0 to 4294967295; the same faults, seed and requests give the same course.
   * Default: the seed of the leads.
   */
  faultSeed?: number | undefined
  /**
   * The portal's clock: milliseconds since 1970. It is the stopTime of requests that give none, the `Date`
   * header, the time of changes, what rate limits go by, and the `at` of {@link PortalRequest}. Delays, stalls
   * and drips of faults take real time. Default: `Date.now`.
   */
  now?: (() => number) | undefined
}
