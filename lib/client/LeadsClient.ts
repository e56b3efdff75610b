import type { Readable } from 'node:stream'
import type { Pool } from 'undici'
import { LeadpipeError } from '../errors.ts'
import { optionError } from '../model/checkOptions.ts'
import { type RequestMessage, type RetryMessage, requestChannel, retryChannel } from '../observe/channels.ts'
import { backOff, type RetryContext } from './backOff.ts'
import { type Clock, systemClock } from './Clock.ts'
import { Limiter } from './Limiter.ts'
import { onAbort } from './onAbort.ts'
import { openPool } from './openPool.ts'
import { type ClientSettings, clientSettings, type LeadsClientOptions } from './options.ts'
import { PortalLimits } from './PortalLimits.ts'
import { RetryBudget } from './RetryBudget.ts'
import { redact } from './redact.ts'
import { retry } from './retry.ts'
import { type Answer, type OutgoingRequest, send } from './send.ts'

/** How one `get` is watched and ended. */
export interface GetOptions {
  /** Ends the request, or its body. */
  signal?: AbortSignal
  /** Called when an attempt is sent. */
  onRequest?(): void
  /** Called when an attempt failed and another will follow. */
  onRetry?(): void
}

/**
 * A connection pool to one portal, with its credentials, its rate limit and its retries. One client serves
 * any number of sources at once, which then share the limits.
 *
 * Idle connections do not keep the process alive. `close()`, or `await using`, ends them at once.
 *
 * @example
 * ```ts
 * await using client = new LeadsClient({ accessToken: process.env.LEADPIPE_ACCESS_TOKEN })
 * ```
 */
export class LeadsClient implements AsyncDisposable {
  readonly #settings: ClientSettings
  readonly #clock: Clock
  readonly #pool: Pool
  readonly #limits: PortalLimits
  readonly #limiter: Limiter
  readonly #budget: RetryBudget
  readonly #active = new Set<AbortController>()
  #closed = false

  /**
   * @param options see {@link LeadsClientOptions}
   * @param clock replaces time and chance, for tests
   * @throws {LeadpipeError} OPTION, before any connection is opened.
   */
  constructor(options: LeadsClientOptions, clock: Clock = systemClock) {
    const settings = clientSettings(options)
    const { concurrency, rateLimit, timeouts } = settings
    this.#settings = settings
    this.#clock = clock
    this.#limits = new PortalLimits(settings.dailyShare)
    const wait = () => this.#limits.wait(clock.now())
    this.#limiter = new Limiter(concurrency, rateLimit, { clock, wait })
    this.#budget = new RetryBudget(settings.retry.budget)
    this.#pool = openPool(settings.origin, concurrency, timeouts)
  }

  /** Scheme, host and port of the API. */
  get origin(): string {
    return this.#settings.origin
  }

  /**
   * Gets a path of the API: within the client's limits and the portal's, with the credentials, repeated as the
   * retry options say.
   *
   * @param path for example "/leads/v1/list"
   * @param query a serialised query, without credentials
   * @returns the first successful answer; its body must be read or destroyed
   * @throws {LeadpipeError} OPTION, AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE; the
   * signal's reason after an abort.
   */
  async get(path: string, query: string, options: GetOptions = {}): Promise<Answer> {
    checkTarget(path, query, this.#settings.credential.value)
    if (this.#closed) throw closedError()
    options.signal?.throwIfAborted()
    const { signal, release } = this.#enter(options.signal)
    try {
      const answer = await this.#attempts(this.#address(path, query, signal), options)
      onceClosed(answer.body, release)
      return answer
    } catch (error) {
      release()
      throw error
    }
  }

  /** Most requests under way at once. */
  get concurrency(): number {
    return this.#settings.concurrency
  }

  /** Milliseconds since 1970, by the client's clock. */
  now(): number {
    return this.#clock.now()
  }

  /** Milliseconds that a page may take, where there is a limit. */
  get pageTimeout(): number | undefined {
    return this.#settings.timeouts.page
  }

  /**
   * Waits as the retry options say after a failure in the middle of a body, so that what is missing can be
   * asked for.
   *
   * @param attempt how often it failed in a row without a lead in between, from 1
   * @throws {LeadpipeError} the failure itself, when it is no use to try again; NETWORK when the client is closed
   * meanwhile; the signal's reason after an abort
   */
  async backOff(
    error: unknown,
    attempt: number,
    path: string,
    options: Required<Pick<GetOptions, 'signal'>> & GetOptions,
  ): Promise<void> {
    if (this.#closed) throw (error as LeadpipeError).retryable ? closedError() : error
    const { signal, release } = this.#enter(options.signal)
    try {
      await backOff(error, attempt, this.#retryContext(`${this.origin}${path}`, signal, options))
    } finally {
      release()
    }
  }

  /** Ends every connection and request at once; sources that still read fail with NETWORK. Safe to repeat. */
  async close(): Promise<void> {
    this.#closed = true
    for (const controller of this.#active) controller.abort(closedError())
    if (!this.#pool.destroyed) await this.#pool.destroy()
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A signal that the user's and `close()` abort, until it is released. */
  #enter(outer: AbortSignal | undefined): { signal: AbortSignal; release(): void } {
    const controller = new AbortController()
    const { signal } = controller
    if (outer?.aborted) controller.abort(outer.reason)
    const unlisten = outer && onAbort(outer, () => controller.abort(outer.reason))
    this.#active.add(controller)
    const release = () => {
      this.#active.delete(controller)
      if (this.#active.size === 0) this.#limiter.endPauses()
      unlisten?.()
    }
    return { signal, release }
  }

  async #attempts(request: OutgoingRequest, options: GetOptions): Promise<Answer> {
    const { signal, url } = request
    this.#budget.request()
    try {
      return await retry(
        number =>
          this.#limiter.run(() => this.#attempt(request, number, options), {
            signal,
            priority: number > 1 ? 1 : 0,
          }),
        this.#retryContext(url, signal, options),
      )
    } catch (error) {
      this.#pauseAfter(error)
      throw error
    }
  }

  async #attempt(request: OutgoingRequest, number: number, options: GetOptions): Promise<Answer> {
    const { method, url } = request
    const clock = this.#clock
    const started = clock.now()
    const underWay = this.#limits.start(started)
    const end = (answer?: { status: number; headers: Answer['headers'] }) => {
      this.#limits.end(underWay, clock.now(), answer)
      this.#limiter.regulate()
    }
    this.#limiter.regulate()
    try {
      options.onRequest?.()
      return await send(this.#pool, this.origin, request, clock, (status, headers) => {
        end({ status, headers })
        const duration = clock.now() - started
        requestChannel.publish({ method, url, status, duration, attempt: number } satisfies RequestMessage)
      })
    } finally {
      end()
    }
  }

  /** A 429 that no retry follows holds back the others, too, for as long as it says. */
  #pauseAfter(error: unknown): void {
    if (!(error instanceof LeadpipeError) || error.code !== 'RATE_LIMIT') return
    const { retryAfter } = error.context
    const { maxDelay } = this.#settings.retry
    if (typeof retryAfter === 'number') this.#limiter.pause(Math.min(retryAfter, maxDelay), this.#clock)
  }

  #retryContext(url: string, signal: AbortSignal, options: GetOptions): RetryContext {
    const clock = this.#clock
    return {
      options: this.#settings.retry,
      budget: this.#budget,
      clock,
      signal,
      onRetry: ({ attempt, delay, error }) => {
        options.onRetry?.()
        const reason = error.message
        retryChannel.publish({ method: 'GET', url, attempt, delay, reason } satisfies RetryMessage)
        if (error.code === 'RATE_LIMIT') this.#limiter.pause(delay, clock)
      },
    }
  }

  #address(path: string, query: string, signal: AbortSignal): OutgoingRequest {
    const { credential, origin } = this.#settings
    const { value: secret } = credential
    const inQuery = credential.in === 'query' ? `${credential.name}=${encodeURIComponent(secret)}` : ''
    const search = [inQuery, query].filter(part => part !== '').join('&')
    const full = search === '' ? path : `${path}?${search}`
    return {
      method: 'GET',
      path: full,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'gzip',
        'user-agent': 'leadpipe',
        ...(credential.in === 'header' ? { authorization: `Bearer ${secret}` } : {}),
      },
      url: redact(`${origin}${full}`, secret),
      secret,
      signal,
    }
  }
}

/** undici refuses a wrong target, too, but only when it is sent, and as if it were worth a repetition. */
function checkTarget(path: string, query: string, secret: string): void {
  if (!/^\/[\x21-\x7e]*$/.test(path) || /[?#]/.test(path)) {
    throw optionError(
      'LeadsClient.get() path',
      'expected a path that begins with "/" and has no query, percent-encoded where needed',
      redact(path, secret),
    )
  }
  if (!/^[\x21-\x7e]*$/.test(query) || query.includes('#')) {
    const shown = redact(query, secret)
    throw optionError('LeadsClient.get() query', 'expected a percent-encoded query string', shown)
  }
}

function onceClosed(body: Readable, listener: () => void): void {
  if (body.closed) listener()
  else body.once('close', listener)
}

function closedError(): LeadpipeError {
  return new LeadpipeError('NETWORK', 'the client was closed')
}
