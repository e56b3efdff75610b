/*
 * Every example is a rule as text; a test parses and runs each.
 */

/** The policies that a 429 may name. */
export const policies = ['TEN_SECONDLY_ROLLING', 'SECONDLY', 'DAILY'] as const

/**
 * Answers with this status; nothing is read, and a PUT changes nothing.
 *
 * @example page=2 x2:status=503
 * @example #1:status=429,policy=DAILY,Retry-After=3600
 * @example #2:status=401,body=html
 * @example #1:status=302,body=empty,Location="http://127.0.0.1:1/"
 * @example #1:status=200,body=html
 * @example #1:status=502,body="<h1>502 Bad Gateway</h1>",Content-Type=text/html
 */
export interface StatusFault {
  readonly kind: 'status'
  /** 200 to 599. */
  readonly status: number
  /**
   * `json` is an error as HubSpot writes it, `html` a page like Tomcat's, `empty` no body; any other text is the
   * body itself, sent as text/plain. Default: the form that the portal's option `errors` sets.
   */
  readonly body?: string | undefined
  /** Makes a JSON error a rate limit error, by this policy. Default: none. */
  readonly policy?: (typeof policies)[number] | undefined
  /** Headers, in their own spelling. As text, every name that begins with a capital: `Retry-After=3`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * Resets the connection without an answer; a PUT changes nothing.
 *
 * @example every=5:reset
 */
export interface ResetFault {
  readonly kind: 'reset'
}

/**
 * Cuts the body off, as it is sent (compressed or not), and closes the connection.
 *
 * @example page=1 x1:cut=0.5
 * @example page=2 x1:cut=0.9,framing=chunked
 * @example page=2 x1:cut=0.5,framing=whole
 */
export interface CutFault {
  readonly kind: 'cut'
  /** The part of the body that is sent: a share from 0 (headers only) to less than 1. */
  readonly at: number
  /**
   * How a client can detect the missing part: `length`, by a Content-Length of the whole body; `chunked`, by a
   * missing last chunk; `whole`, only by the content: the part is sent as if it were complete, and the connection
   * stays open. Default: `length`.
   */
  readonly framing?: 'length' | 'chunked' | 'whole' | undefined
}

/**
 * Stops sending, and keeps the connection open until the client or the portal closes it.
 *
 * @example page=2 x1:stall
 * @example page=2 x1:stall=0.5
 */
export interface StallFault {
  readonly kind: 'stall'
  /**
   * The part of the body that is sent first: a share from 0 (headers only) to less than 1. Default: not even the
   * headers; then a PUT changes nothing.
   */
  readonly at?: number | undefined
}

/**
 * Sends the body a few bytes at a time.
 *
 * @example page=1:drip=1000,interval=1
 */
export interface DripFault {
  readonly kind: 'drip'
  /** Number of bytes at a time: 1 to 100,000,000. */
  readonly bytes: number
  /** Milliseconds between two writes: 0 to 3,600,000. Default: 10. */
  readonly interval?: number | undefined
}

/**
 * Waits before any processing. If several delays hit a request, it waits for their sum. Other faults may follow.
 *
 * @example 10%:delay=20
 */
export interface DelayFault {
  readonly kind: 'delay'
  /** 0 to 3,600,000. */
  readonly milliseconds: number
}

/**
 * Damages a body and keeps its status of 200. If one lead is damaged, it is the middle one of the list.
 *
 * @example page=2:garbage=html
 * @example page=2:garbage=broken
 * @example page=2:garbage=unbalanced
 * @example page=2:garbage=malformed
 */
export interface GarbageFault {
  readonly kind: 'garbage'
  /**
   * - `html`: a page instead of JSON;
   * - `broken`: JSON with an extra comma, outside of its leads;
   * - `unbalanced`: a lead without its last bracket, so that the leads after it can't be separated;
   * - `malformed`: a lead with an extra comma, while quotes and brackets balance.
   */
  readonly form: 'html' | 'broken' | 'unbalanced' | 'malformed'
}

/**
 * Replaces the middle lead of a list, or the one requested lead, by something else.
 *
 * @example page=2:element
 * @example page=2:element=42
 * @example page=2:element="[{\"guid\":\"a\"}]"
 */
export interface ElementFault {
  readonly kind: 'element'
  /** The replacement; any text, though JSON makes most sense. Default: `null`. */
  readonly text?: string | undefined
}

/**
 * Enlarges the middle lead of a list, or the one requested lead, by a field `padding`.
 *
 * @example page=2:oversized
 * @example page=1:oversized=2000000
 */
export interface OversizedFault {
  readonly kind: 'oversized'
  /** The length of the padding: 1 to 500,000,000. Default: 17,000,000, a little more than 16 MiB. */
  readonly bytes?: number | undefined
}

/**
 * Changes data before the answer, as users of a portal do: `insert` adds generated leads, all with the current time
 * as insertedAt; `delete` and `undelete` mark leads as deleted or not, drawn from the seed; `touch` sets the
 * lastModifiedAt of leads to the current time. A lead is a contact: `archive` marks contacts as deleted as users of
 * today do, which does not change lastModifiedAt; `merge` replaces pairs of contacts by a new one each, with a new id.
 *
 * @example page=2-:insert=3
 * @example every=2:delete=5
 * @example every=3:undelete
 * @example 50%:touch=2
 * @example every=3:archive=2
 * @example page=2-:merge
 */
export interface ChangeFault {
  readonly kind: 'insert' | 'delete' | 'undelete' | 'touch' | 'archive' | 'merge'
  /** Number of leads, of pairs for `merge`: 1 to 100,000; fewer if the portal does not have enough. Default: 1. */
  readonly count?: number | undefined
}

/**
 * From now on, leads with the same sort value are in a different order than before. The documentation does not
 * promise any order.
 *
 * @example *:reorder
 */
export interface ReorderFault {
  readonly kind: 'reorder'
}

/**
 * The token that the request carries has expired, from this request on. Requests that need no token do not count.
 *
 * @example #3:expire
 */
export interface ExpireFault {
  readonly kind: 'expire'
}

/**
 * A search ignores its sort.
 *
 * @example *:unsorted
 */
export interface UnsortedFault {
  readonly kind: 'unsorted'
}

/**
 * A search does not find records that were modified within this time, because the index lags. The largest of this
 * and the portal's option `searchLag` holds.
 *
 * @example every=2:lag
 * @example every=2:lag=3600000
 */
export interface LagFault {
  readonly kind: 'lag'
  /** 0 to 31,536,000,000. Default: 60,000. */
  readonly milliseconds?: number | undefined
}

/**
 * A page of a list or of a search has only half of the records that it could have. Its `paging` is right.
 *
 * @example 20%:short
 */
export interface ShortFault {
  readonly kind: 'short'
}

/**
 * `outside` puts records that do not match into a page of a search, `lost` leaves records out of a batch read
 * without an error.
 *
 * @example every=2:outside=3
 * @example every=3:lost
 */
export interface StrayFault {
  readonly kind: 'outside' | 'lost'
  /** Number of records: 1 to 100,000. Default: 1. */
  readonly count?: number | undefined
}

/** A fault in what a page of the CRM APIs contains. A request gets all that hit it; other APIs ignore them. */
export type PageFault = UnsortedFault | LagFault | ShortFault | StrayFault

/**
 * All faults. Delays and changes are applied first, in the order of the rules, then the faults of a page. Of all
 * other faults, a request gets only the first that hits.
 */
export type Fault =
  | StatusFault
  | ResetFault
  | CutFault
  | StallFault
  | DripFault
  | DelayFault
  | GarbageFault
  | ElementFault
  | OversizedFault
  | ChangeFault
  | ReorderFault
  | PageFault
  | ExpireFault
