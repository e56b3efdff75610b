import type { Readable } from 'node:stream'
import { describe, LeadpipeError } from '../errors.ts'
import { gunzip } from '../http/body.ts'
import { type Clock, clockOf } from '../http/Clock.ts'
import type { AnswerHeaders, OutgoingRequest, RawAnswer } from '../http/exchange.ts'
import { Requester, type Watcher } from '../http/Requester.ts'
import { redactor } from '../http/redact.ts'
import { refusal } from '../http/refusal.ts'
import { optionError } from '../options/checkOptions.ts'
import { type ClientSettings, clientSettings, type HubSpotClientOptions } from './options.ts'
import { PortalLimits } from './PortalLimits.ts'
import { noListError, portalError } from './portalError.ts'

/** A successful answer. Read its body to the end, or destroy it: until then it keeps its connection. */
export interface Answer {
  status: number
  /** The URL of the request, without secrets. */
  url: string
  /** Names are in lower case. */
  headers: AnswerHeaders
  /** The decoded body. Its errors are those of undici and zlib, not LeadpipeErrors. */
  body: Readable
}

/** Callbacks and the abort signal of one request. */
export interface GetOptions extends Watcher {
  /** Aborts the request, or its body. */
  signal?: AbortSignal
}

/** The part of a client that sources use to read lists. The symbol is private to leadpipe. */
export const reading: unique symbol = Symbol('leadpipe.reading')

/** See {@link reading}. */
export interface Reading {
  /** The most requests in flight at the same time. */
  readonly concurrency: number
  /** Milliseconds that a page may take; undefined for no limit. */
  readonly pageTimeout: number | undefined
  /** Milliseconds since 1970, by the client's clock. */
  now(): number
  /** The error for a body that could not be decoded; with the answer, if its beginning does not belong to a list. */
  explain(error: unknown, answer: Answer, beginning: string): unknown
  /**
   * Waits as the retry options say, after a failure in the middle of a body, before the rest is requested.
   *
   * @param attempt consecutive failures without any progress, from 1
   * @throws {LeadpipeError} `error` itself, if a retry can't help; NETWORK if the client is closed meanwhile; the
   * signal's reason after an abort
   */
  backOff(
    error: unknown,
    attempt: number,
    path: string,
    options: Required<Pick<GetOptions, 'signal'>> & GetOptions,
  ): Promise<void>
}

/** One request to the API. */
interface Call {
  method: 'GET' | 'POST'
  path: string
  query: string
  json?: Uint8Array
}

/**
 * A connection pool to one portal, with its credentials, rate limit and retries. One client can serve any number of
 * sources at the same time; they share the limits.
 *
 * Idle connections do not keep the process alive. `close()`, or `await using`, ends them at once. They go through the
 * proxy that the environment names (HTTP_PROXY, HTTPS_PROXY), unless NO_PROXY excludes the host.
 *
 * @example
 * ```ts
 * await using client = new HubSpotClient({ accessToken: process.env.LEADPIPE_ACCESS_TOKEN })
 * ```
 */
export class HubSpotClient implements AsyncDisposable {
  readonly #settings: ClientSettings
  readonly #clock: Clock
  readonly #requester: Requester
  readonly #redact: (text: string) => string

  /**
   * @param options see {@link HubSpotClientOptions}
   * @throws {LeadpipeError} OPTION for a wrong option, or a proxy that can't be used, before any connection is opened.
   */
  constructor(options: HubSpotClientOptions) {
    const settings = clientSettings(options)
    const clock = clockOf(options)
    const limits = new PortalLimits(settings.dailyShare)
    this.#settings = settings
    this.#clock = clock
    this.#redact = redactor(settings.credential.value, ['access_token', 'hapikey'])
    this.#requester = new Requester({ origin: settings.origin, settings, clock, limits, closedError })
  }

  /** Scheme, host and port of the API. */
  get origin(): string {
    return this.#settings.origin
  }

  /**
   * Gets a path of the API with the credentials, within the limits of the client and the portal; retried as the retry
   * options say.
   *
   * @param path for example "/leads/v1/list"
   * @param query a serialised query, without credentials
   * @returns the first successful answer; its body must be read or destroyed
   * @throws {LeadpipeError} OPTION, AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE; the
   * signal's reason after an abort.
   */
  async get(path: string, query: string, options: GetOptions = {}): Promise<Answer> {
    return this.#send({ method: 'GET', path, query }, options)
  }

  /**
   * Posts JSON to a path of the API, otherwise like `get`. It is also retried after a failure, so it is for requests
   * that change nothing, such as a search.
   *
   * @param path for example "/crm/v3/objects/contacts/search"
   * @param body sent as JSON
   * @returns the first successful answer; its body must be read or destroyed
   * @throws {LeadpipeError} like `get`
   */
  async post(path: string, body: object, options: GetOptions = {}): Promise<Answer> {
    return this.#send({ method: 'POST', path, query: '', json: Buffer.from(JSON.stringify(body)) }, options)
  }

  get [reading](): Reading {
    const { concurrency, timeouts } = this.#settings
    return {
      concurrency,
      pageTimeout: timeouts.page,
      now: () => this.#clock.now(),
      explain: (error, answer, beginning) =>
        noListError(error, answer, beginning, { redact: this.#redact, now: this.#clock.now() }),
      backOff: (...failure) => this.#backOff(...failure),
    }
  }

  /** Ends every connection and request at once; sources that still read fail with NETWORK. Safe to call again. */
  close(): Promise<void> {
    return this.#requester.close()
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #backOff(...[error, attempt, path, options]: Parameters<Reading['backOff']>): Promise<void> {
    if (this.#requester.closed) throw (error as LeadpipeError).retryable ? closedError() : error
    const { signal, release } = this.#requester.enter(options.signal)
    try {
      const url = `${this.origin}${path}`
      await this.#requester.backOff(error, attempt, { method: 'GET', url, signal }, options)
    } finally {
      release()
    }
  }

  async #send(call: Call, options: GetOptions): Promise<Answer> {
    checkTarget(call, this.#redact)
    const { signal, release } = this.#requester.enter(options.signal)
    try {
      const request = this.#request(call, signal)
      const answer = await this.#requester.run(request, raw => this.#read(raw, request), options)
      onceClosed(answer.body, release)
      return answer
    } catch (error) {
      release()
      throw error
    }
  }

  async #read(raw: RawAnswer, { url }: OutgoingRequest): Promise<Answer> {
    const redact = this.#redact
    const { status, headers } = raw
    if (raw.ok) return { status, url, headers, body: gunzip(raw, url, redact) }
    throw (await refusal(raw, { url, redact, now: this.#clock.now(), toError: portalError })).error
  }

  #request({ method, path, query, json }: Call, signal: AbortSignal): OutgoingRequest {
    const { credential, origin } = this.#settings
    const { value: secret } = credential
    const inQuery = credential.in === 'query' ? `${credential.name}=${encodeURIComponent(secret)}` : ''
    const search = [inQuery, query].filter(part => part !== '').join('&')
    const full = search === '' ? path : `${path}?${search}`
    return {
      method,
      path: full,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'gzip',
        // The answer of a cache may lack the newest leads.
        'cache-control': 'no-cache',
        'user-agent': 'leadpipe',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(credential.in === 'header' ? { authorization: `Bearer ${secret}` } : {}),
      },
      ...(json === undefined ? {} : { body: json }),
      url: this.#redact(`${origin}${full}`),
      signal,
    }
  }
}

/** undici refuses a wrong target too, but only when the request is sent, and with an error that would be retried. */
function checkTarget({ method, path, query }: Call, redact: (text: string) => string): void {
  const owner = `HubSpotClient.${method.toLowerCase()}()`
  if (!/^\/[\x21-\x7e]*$/.test(path) || /[?#]/.test(path)) {
    const expected = 'a percent-encoded path that begins with "/" and has no query'
    throw optionError({ owner, option: 'path', expected, received: describe(redact(path)) })
  }
  if (!/^[\x21-\x7e]*$/.test(query) || query.includes('#')) {
    const expected = 'a percent-encoded query string'
    throw optionError({ owner, option: 'query', expected, received: describe(redact(query)) })
  }
}

function onceClosed(body: Readable, listener: () => void): void {
  if (body.closed) listener()
  else body.once('close', listener)
}

function closedError(): LeadpipeError {
  return new LeadpipeError('NETWORK', 'the client was closed')
}
