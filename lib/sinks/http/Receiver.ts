import { closedError } from '../../async/prematureClose.ts'
import type { Clock } from '../../http/Clock.ts'
import type { OutgoingRequest, RawAnswer } from '../../http/exchange.ts'
import { Requester } from '../../http/Requester.ts'
import { bodyFormats } from './body.ts'
import { describeUrl } from './destinationUrl.ts'
import type { HttpSettings } from './options.ts'
import { type Outcome, readOutcome } from './readOutcome.ts'
import type { Secrets } from './Secrets.ts'

/** Sends bodies to one URL. */
export class Receiver {
  /** Scheme, host and path. */
  readonly url: string
  /** Requests sent, including retries. */
  requests = 0
  /** How many of them were retries. */
  retries = 0

  readonly #target: URL
  readonly #settings: HttpSettings<never>
  readonly #secrets: Secrets
  readonly #clock: Clock
  readonly #requester: Requester

  constructor(target: URL, settings: HttpSettings<never>, secrets: Secrets, clock: Clock) {
    this.url = describeUrl(target)
    this.#target = target
    this.#settings = settings
    this.#secrets = secrets
    this.#clock = clock
    this.#requester = new Requester({ origin: target.origin, settings, clock, closedError })
  }

  /**
   * Sends a body until it is accepted or refused for good.
   *
   * @param key its Idempotency-Key
   * @throws {LeadpipeError} AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE, without any secrets; an Error when the
   * receiver is closed.
   */
  async post(body: Uint8Array, key: string): Promise<Outcome> {
    const { signal, release } = this.#requester.enter()
    let sent = 0
    let answered = 0
    const onRequest = () => {
      this.requests += 1
      if (sent > 0) this.retries += 1
      sent += 1
    }
    const reading = {
      url: this.url,
      origin: this.#target.origin,
      secrets: this.#secrets,
      readsAnswers: this.#settings.readAnswer !== undefined,
      clock: this.#clock,
    }
    try {
      const request = this.#request(body, key, signal)
      const read = (answer: RawAnswer) => {
        // A gateway's 502 or 504 says that the receiver behind it did not answer.
        if (answer.status !== 502 && answer.status !== 504) answered += 1
        return readOutcome(answer, { ...reading, isRepeated: sent > answered })
      }
      return await this.#requester.run(request, read, { onRequest })
    } finally {
      release()
    }
  }

  /** Ends every request and connection at once. Safe to call again. */
  close(): Promise<void> {
    return this.#requester.close()
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
      signal,
    }
  }
}
