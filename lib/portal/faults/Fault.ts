/*
 * Every example is a rule as text; a test parses and runs each.
 */

/** The policies that a 429 may name. */
export const policies = ['TEN_SECONDLY_ROLLING', 'SECONDLY', 'DAILY'] as const

/**
 * Answers with this status; nothing is read and, of a PUT, nothing changed.
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
   * `json` is an error as HubSpot writes it, `html` a page such as Tomcat's, `empty` none; any other text is
   * the body itself, sent as text/plain. Default: what the portal's option `errors` says.
   */
  readonly body?: string | undefined
  /** Makes a JSON error that of a rate limit, by this policy. Default: none. */
  readonly policy?: (typeof policies)[number] | undefined
  /** Headers, in their own spelling. As text, whatever begins with a capital: `Retry-After=3`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * Resets the connection instead of an answer; of a PUT, nothing is changed.
 *
 * @example every=5:reset
 */
export interface ResetFault {
  readonly kind: 'reset'
}

/**
 * Cuts the body, as it is sent (compressed or not), and closes the connection.
 *
 * @example page=1 x1:cut=0.5
 * @example page=2 x1:cut=0.9,framing=chunked
 * @example page=2 x1:cut=0.5,framing=whole
 */
export interface CutFault {
  readonly kind: 'cut'
  /** How much of the body is sent: a share from 0 (headers only) to less than 1. */
  readonly at: number
  /**
   * How the missing rest shows: `length`, by a Content-Length of the whole body; `chunked`, by a last chunk
   * that does not come; `whole`, by nothing but the content: the part is sent as if it were all, and the
   * connection stays. Default: `length`.
   */
  readonly framing?: 'length' | 'chunked' | 'whole' | undefined
}

/**
 * Sends no more, and keeps the connection until the client or the portal closes it.
 *
 * @example page=2 x1:stall
 * @example page=2 x1:stall=0.5
 */
export interface StallFault {
  readonly kind: 'stall'
  /**
   * How much of the body is sent before: a share from 0 (headers only) to less than 1. Default: not even the
   * headers; then, of a PUT, nothing is changed.
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
  /** How many bytes at a time: 1 to 100,000,000. */
  readonly bytes: number
  /** Milliseconds between two of them: 0 to 3,600,000. Default: 10. */
  readonly interval?: number | undefined
}

/**
 * Waits before it does anything; of several delays that hit a request, the sum. Other faults may follow.
 *
 * @example 10%:delay=20
 */
export interface DelayFault {
  readonly kind: 'delay'
  /** 0 to 3,600,000. */
  readonly milliseconds: number
}

/**
 * Spoils a body and keeps its status of 200. Where one lead is spoiled, it is the middle one of the list.
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
   * - `broken`: JSON with a comma too many, outside of its leads;
   * - `unbalanced`: a lead whose last bracket is missing, so that what follows can't be told apart;
   * - `malformed`: a lead with a comma too many, while quotes and brackets balance.
   */
  readonly form: 'html' | 'broken' | 'unbalanced' | 'malformed'
}

/**
 * Puts something else in the place of the middle lead of a list, or of the one lead asked for.
 *
 * @example page=2:element
 * @example page=2:element=42
 * @example page=2:element="[{\"guid\":\"a\"}]"
 */
export interface ElementFault {
  readonly kind: 'element'
  /** What stands there instead; any text, though JSON makes most sense. Default: `null`. */
  readonly text?: string | undefined
}

/**
 * Makes the middle lead of a list, or the one lead asked for, so large by a field `padding`.
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
 * Changes data before the answer, as users of a portal do: `insert` adds made-up leads, all with the present
 * as their insertedAt; `delete` and `undelete` do so softly to leads drawn from the seed; `touch` moves the
 * lastModifiedAt of leads to the present.
 *
 * @example page=2-:insert=3
 * @example every=2:delete=5
 * @example every=3:undelete
 * @example 50%:touch=2
 */
export interface ChangeFault {
  readonly kind: 'insert' | 'delete' | 'undelete' | 'touch'
  /** How many leads: 1 to 100,000; fewer where there are not so many. Default: 1. */
  readonly count?: number | undefined
}

/**
 * From now on, leads with the same value of what is sorted by come in another order than before. The
 * documentation promises none.
 *
 * @example *:reorder
 */
export interface ReorderFault {
  readonly kind: 'reorder'
}

/**
 * What can go wrong. Delays and changes come first, in the order of the rules; of all others, one request
 * gets the first that hits.
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
