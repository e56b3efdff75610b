import { type Clock, systemClock } from '../http/Clock.ts'
import { destinationUrl } from './http/destinationUrl.ts'
import { HttpSink } from './http/HttpSink.ts'
import { type HttpOptions, httpSettings } from './http/options.ts'

/**
 * Records to an HTTP receiver, in batches, each at least once: a batch whose answer is lost is sent again, with
 * the same Idempotency-Key and the same body, so that a receiver can tell it from a new one.
 *
 * Network errors, timeouts, 408, 425, 429 and 5xx are retried. A 413 sends the batch in halves. What becomes of
 * records that are refused for good is said by `onRefused`. Redirects are errors. Nothing is sent before the
 * first batch is full, or the records end; no connection is opened before that. Requests go through the proxy that
 * the environment names (HTTP_PROXY, HTTPS_PROXY), unless NO_PROXY excepts the host.
 *
 * With a checkpoint, batches since it was saved are sent again after a restart, the same under the same keys.
 *
 * @param url http or https, without user and password. Of its query nothing is told in any message; scheme,
 * host and path are.
 * @param options see {@link HttpOptions}
 * @param clock replaces time and chance, for tests
 * @throws {LeadpipeError} OPTION for a wrong option. The stream fails with SINK when records can't be delivered:
 * its `cause` says why (AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT, …), its `context` is
 * `{ url, acknowledged, unacknowledged, status? }`.
 *
 * @example
 * ```ts
 * toHttp('https://warehouse.example/leads', {
 *   headers: { authorization: `Bearer ${process.env.WAREHOUSE_TOKEN}` },
 *   batch: { records: 500 },
 *   onRefused: 'dead-letter',
 *   deadLetter: toFile('refused.ndjson'),
 * })
 * ```
 */
export function toHttp<T = unknown>(
  url: string | URL,
  options?: HttpOptions<T>,
  clock: Clock = systemClock,
): HttpSink<T> {
  return new HttpSink(destinationUrl(url), httpSettings(options), clock)
}
