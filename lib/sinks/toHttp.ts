import { clockOf } from '../http/Clock.ts'
import { destinationUrl } from './http/destinationUrl.ts'
import { HttpSink } from './http/HttpSink.ts'
import { type HttpOptions, httpSettings } from './http/options.ts'

/**
 * Sends records to an HTTP receiver, in batches, each at least once. A batch whose answer is lost is sent again with
 * the same Idempotency-Key and the same body, so that the receiver can recognise it.
 *
 * Network errors, timeouts, 408, 425, 429 and 5xx are retried. After a 413 the batch is sent in halves. `onRefused`
 * says what happens to records that are refused for good. Redirects are errors. Nothing is sent, and no connection is
 * opened, before the first batch is full or the records end. Requests go through the proxy that the environment names
 * (HTTP_PROXY, HTTPS_PROXY), unless NO_PROXY excludes the host.
 *
 * After a restart from a checkpoint, the batches since it was saved are sent again, unchanged and with the same keys.
 *
 * @param url http or https, without user and password. Messages show its scheme, host and path, but never its query.
 * @param options see {@link HttpOptions}
 * @throws {LeadpipeError} OPTION for a wrong option. The stream fails with SINK if records can't be delivered: its
 * `cause` says why (AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT, …), its `context` is
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
export function toHttp<T = unknown>(url: string | URL, options?: HttpOptions<T>): HttpSink<T> {
  return new HttpSink(destinationUrl(url), httpSettings(options), clockOf(options))
}
