import { randomUUID } from 'node:crypto'
import type { Clock } from '../../client/Clock.ts'
import { Limiter } from '../../client/Limiter.ts'
import { openPool } from '../../client/openPool.ts'
import { RetryBudget } from '../../client/RetryBudget.ts'
import { retry } from '../../client/retry.ts'
import type { OutgoingRequest } from '../../client/send.ts'
import {
  type RequestMessage,
  type RetryMessage,
  requestChannel,
  retryChannel,
} from '../../observe/channels.ts'
import { bodyFormats } from './bodyFormats.ts'
import { describeUrl } from './describeUrl.ts'
import { exchange, type Outcome } from './exchange.ts'
import type { HttpSettings } from './options.ts'
import type { Secrets } from './Secrets.ts'

/** `send` removes one secret from what it tells; here all of them are gone before. */
const noSecret = randomUUID()

/** Sends bodies to one URL: within the limits, repeated as the retry options say. */
export class Receiver {
  /** Scheme, host and path. */
  readonly url: string
  /** Requests that were sent, repetitions included. */
  requests = 0
  /** How many of them were repetitions. */
  retries = 0

  readonly #target: URL
  readonly #settings: HttpSettings<never>
  readonly #secrets: Secrets
  readonly #clock: Clock
  readonly #limiter: Limiter
  readonly #budget: RetryBudget
  readonly #pool: ReturnType<typeof openPool>
  readonly #active = new Set<AbortController>()

  constructor(target: URL, settings: HttpSettings<never>, secrets: Secrets, clock: Clock) {
    const { concurrency, rateLimit, timeouts, retry } = settings
    this.url = describeUrl(target)
    this.#target = target
    this.#settings = settings
    this.#secrets = secrets
    this.#clock = clock
    this.#limiter = new Limiter(concurrency, rateLimit)
    this.#budget = new RetryBudget(retry.budget)
    this.#pool = openPool(target.origin, concurrency, timeouts)
  }

  /**
   * Sends a body until it is accepted or refused for good.
   *
   * @param key its Idempotency-Key
   * @throws {LeadpipeError} as `exchange`; what `close` was given, after that.
   */
  async post(body: Uint8Array, key: string): Promise<Outcome> {
    const controller = new AbortController()
    this.#active.add(controller)
    try {
      return await this.#attempts(this.#request(body, key, controller.signal))
    } finally {
      this.#active.delete(controller)
      // Nobody waits for the end of a pause any more; its timer would keep the process alive.
      if (this.#active.size === 0) this.#limiter.endPauses()
    }
  }

  /** Ends every request and connection at once. Safe to repeat. */
  async close(reason: Error): Promise<void> {
    for (const controller of this.#active) controller.abort(reason)
    if (!this.#pool.destroyed) await this.#pool.destroy()
  }

  #attempts(request: OutgoingRequest): Promise<Outcome> {
    const { method, url, signal } = request
    this.#budget.request()
    return retry(
      number =>
        this.#limiter.run(() => this.#attempt(request, number), { signal, priority: number > 1 ? 1 : 0 }),
      {
        options: this.#settings.retry,
        budget: this.#budget,
        clock: this.#clock,
        signal,
        onRetry: ({ attempt, delay, error }) => {
          if (error.code === 'RATE_LIMIT') this.#limiter.pause(delay, this.#clock)
          const reason = error.message
          retryChannel.publish({ method, url, attempt, delay, reason } satisfies RetryMessage)
        },
      },
    )
  }

  #attempt(request: OutgoingRequest, attempt: number): Promise<Outcome> {
    const clock = this.#clock
    const started = clock.now()
    const { method, url } = request
    this.requests += 1
    if (attempt > 1) this.retries += 1
    return exchange({
      dispatcher: this.#pool,
      origin: this.#target.origin,
      request,
      clock,
      secrets: this.#secrets,
      readsAnswers: this.#settings.readAnswer !== undefined,
      onHeaders: status => {
        const duration = clock.now() - started
        requestChannel.publish({ method, url, status, duration, attempt } satisfies RequestMessage)
      },
    })
  }

  #request(body: Uint8Array, key: string, signal: AbortSignal): OutgoingRequest {
    const { method, headers, format, compression } = this.#settings
    return {
      method,
      path: `${this.#target.pathname}${this.#target.search}`,
      headers: {
        'user-agent': 'leadpipe',
        'content-type': bodyFormats[format].contentType,
        ...headers,
        'accept-encoding': 'gzip',
        'idempotency-key': key,
        ...(compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
      },
      body,
      url: this.url,
      secret: noSecret,
      signal,
    }
  }
}
