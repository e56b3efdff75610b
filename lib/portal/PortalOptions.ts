/** What the options `startTime` and `stopTime` may be: whether a time equal to the bound is in. */
export type Bounds = 'inclusive' | 'exclusive'

/** Where leads may come from, if not from a file: any iterable of plain objects. */
export type LeadIterable = Iterable<object> | AsyncIterable<object>

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
  leads?: number | LeadIterable | string
  /** Which leads are generated: a whole number from 0 to 4294967295. Own leads need none. Default: 1. */
  seed?: number
  /**
   * Path of the SQLite file that keeps the leads from one start to the next. It is created when it is
   * missing; one that holds exactly the generated leads asked for is served at once; one that holds anything
   * else is refused and left alone. Default: none, the leads are held in memory.
   */
  db?: string
  /**
   * The token that requests must carry, as `access_token=`, `hapikey=` or `Authorization: Bearer`.
   * Default: `demooooo-oooo-oooo-oooo-oooooooooooo`, that of the API's documentation.
   */
  accessToken?: string
  /** The port on 127.0.0.1: 1 to 65535, or 0 for any free one. Default: 0. */
  port?: number
  /** Whether a lead exactly at startTime is in the list. Default: `exclusive`, "after this time" as documented. */
  startTime?: Bounds
  /** Whether a lead exactly at stopTime is in the list. The documentation does not say. Default: `inclusive`. */
  stopTime?: Bounds
  /**
   * The portal's clock: milliseconds since 1970. It is the stopTime of requests that give none, the `Date`
   * header and the `at` of {@link PortalRequest}. Default: `Date.now`.
   */
  now?: () => number
}
