import type { Readable } from 'node:stream'
import { LeadpipeError, reworded } from '../errors.ts'
import { gunzip, readWhole } from '../http/body.ts'
import { type Clock, clockOf } from '../http/Clock.ts'
import type { AnswerHeaders, OutgoingRequest, RawAnswer } from '../http/exchange.ts'
import { Requester, type Watcher } from '../http/Requester.ts'
import { refusal } from '../http/refusal.ts'
import { AccessTokens } from './AccessTokens.ts'
import { type CrmPaths, crmPaths } from './apiPaths.ts'
import { type Call, checkTarget, isUnauthorized, requestOf } from './Call.ts'
import { type ClientSettings, clientSettings, type HubSpotClientOptions } from './options.ts'
import { PortalLimits } from './PortalLimits.ts'
import { noListError, parseAnswer, portalError } from './portalError.ts'

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

/** Options of `post`. */
export interface PostOptions extends GetOptions {
  /** A serialised query, without credentials. Default: none. */
  query?: string
}

/** Options of `json`. */
export interface JsonRequest extends GetOptions {
  /** The body of a POST. Default: a GET. */
  body?: object
  /** The maximum size of the answer in bytes, decoded. Default: 16 MiB. */
  maxBytes?: number
}

/** The part of a client that sources use to read lists. The symbol is private to leadpipe. */
export const reading: unique symbol = Symbol('leadpipe.reading')

/** See {@link reading}. */
export interface Reading {
  /** The most requests of one group in flight at the same time. */
  readonly concurrency: number
  /** The paths of the CRM APIs in the client's version. */
  readonly paths: CrmPaths
  /** Milliseconds that a page may take; undefined for no limit. */
  readonly pageTimeout: number | undefined
  /** Milliseconds since 1970, by the client's clock. */
  now(): number
  /**
   * The error for a body that could not be decoded; with the answer, if its beginning does not belong to a list.
   *
   * @param elements the keys that lead to the list; none if the body is the list
   */
  explain(error: unknown, answer: Answer, beginning: string, elements: readonly string[]): unknown
  /**
   * Waits as the retry options say, after a failure in the middle of a body, before the rest is requested.
   *
   * @param attempt consecutive failures without any progress, from 1
   * @throws {LeadpipeError} `error` itself, if a retry can't help; NETWORK if the client is closed meanwhile; the
   * signal's reason after an abort
   */
  backOff(error: unknown, attempt: number, path: string, options: GetOptions): Promise<void>
  /**
   * Gets a small answer, such as the definitions of properties, and parses it. An answer that was cut off, or that is
   * no JSON, is requested again as the retry options say.
   *
   * @throws {LeadpipeError} like `get`; DECODE also for an answer that is not JSON, or larger than `maxBytes`
   */
  json(path: string, query: string, options?: JsonRequest): Promise<unknown>
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
  readonly #tokens: AccessTokens
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
    this.#tokens = new AccessTokens(settings.credential.value, clock)
    this.#redact = text => this.#tokens.redact(text)
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
   * @param path for example "/crm/objects/2026-09/contacts/search"
   * @param body sent as JSON
   * @returns the first successful answer; its body must be read or destroyed. A batch that was done in part is a success
   * with the status 207, whose body names the rest.
   * @throws {LeadpipeError} like `get`
   */
  async post(path: string, body: object, options: PostOptions = {}): Promise<Answer> {
    const { query = '' } = options
    return this.#send({ method: 'POST', path, query, json: Buffer.from(JSON.stringify(body)) }, options)
  }

  get [reading](): Reading {
    const { concurrency, timeouts, apiVersion } = this.#settings
    return {
      concurrency,
      paths: crmPaths(apiVersion),
      pageTimeout: timeouts.page,
      now: () => this.#clock.now(),
      explain: (error, answer, beginning, elements) =>
        noListError(error, answer, beginning, { redact: this.#redact, now: this.#clock.now(), elements }),
      backOff: (...failure) => this.#backOff(...failure),
      json: (path, query, options) => this.#json(path, query, options),
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

  async #json(path: string, query: string, options: JsonRequest = {}): Promise<unknown> {
    const { body, maxBytes = 16 * 1024 * 1024, signal } = options
    for (let attempt = 1; ; attempt += 1) {
      const answer = await (body === undefined
        ? this.get(path, query, options)
        : this.post(path, body, { ...options, query }))
      try {
        const text = await readWhole(answer, maxBytes, signal)
        return parseAnswer(text, answer, { redact: this.#redact, now: this.#clock.now() })
      } catch (error) {
        await this.#backOff(error, attempt, path, options)
      }
    }
  }

  async #send(call: Call, options: GetOptions): Promise<Answer> {
    checkTarget(call, this.#redact)
    const { signal, release } = this.#requester.enter(options.signal)
    try {
      const { origin, credential } = this.#settings
      const request = requestOf(call, { origin, credential, tokens: this.#tokens, signal })
      const answer = await this.#requester.run(request, raw => this.#read(raw, request), options)
      onceClosed(answer.body, release)
      return answer
    } catch (error) {
      release()
      throw this.#tokens.isFixed || !isUnauthorized(error) ? error : againstNewToken(error)
    }
  }

  async #read(raw: RawAnswer, { url }: OutgoingRequest): Promise<Answer> {
    const redact = this.#redact
    const { status, headers } = raw
    if (raw.ok) return { status, url, headers, body: gunzip(raw, url, redact) }
    const { maxDelay } = this.#settings.retry
    const settings = { maxDelay, fixedToken: this.#tokens.isFixed }
    throw (
      await refusal(raw, {
        ...{ url, redact, now: this.#clock.now() },
        toError: answer => portalError(answer, settings),
      })
    ).error
  }
}

function onceClosed(body: Readable, listener: () => void): void {
  if (body.closed) listener()
  else body.once('close', listener)
}

/** A 401 was answered to two tokens before it becomes the error of a request. */
function againstNewToken(error: LeadpipeError): LeadpipeError {
  return reworded(error, `${error.problem} (with a new token of the function accessToken)`)
}

function closedError(): LeadpipeError {
  return new LeadpipeError('NETWORK', 'the client was closed')
}
