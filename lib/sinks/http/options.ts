import { Writable } from 'node:stream'
import type { OptionContext } from '../../errors/ErrorContexts.ts'
import { describe } from '../../errors.ts'
import {
  type RateLimit,
  type RetryOptions,
  type TransportOptions,
  type TransportSettings,
  transportRules,
  transportSettings,
} from '../../http/transportOptions.ts'
import { checkOptions, type OptionRules, optionError, typeOf } from '../../options/checkOptions.ts'
import { choice, group, integer, withDefault } from '../../options/optionRule.ts'
import { type BodyFormatName, bodyFormats } from './body.ts'
import type { ReadAnswer } from './readOutcome.ts'

/** When a batch is complete: at the first limit that it reaches. */
export interface BatchOptions {
  /** The maximum number of records in a batch, 1 to 10,000. Default: 100. */
  records?: number | undefined
  /**
   * The maximum size of a body in bytes before compression, 1 to 1 GiB. A larger record is sent by itself.
   * Default: 1,048,576 (1 MiB).
   */
  bytes?: number | undefined
  /**
   * Milliseconds from the first record of a batch until it is sent even if it is not full, 1 to 2,147,483,647. The
   * batches and their keys then depend on time: a repeated run sends different batches. Default: none, a batch waits
   * until it is full or the records end.
   */
  milliseconds?: number | undefined
}

/** How records are sent. */
export interface HttpOptions<T = unknown> extends TransportOptions {
  /** The HTTP method. Default: 'POST'. */
  method?: 'POST' | 'PUT' | undefined
  /**
   * Additional headers, such as Authorization. Their values are secrets: no message, error or diagnostics channel shows
   * them, even if the receiver repeats them (values of fewer than four characters are not searched for). Printable
   * ASCII. Content-Type may be set here; headers that the sink sets itself (Content-Length, Content-Encoding,
   * Idempotency-Key and the like) are refused. Default: none.
   */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * The format of a body: 'ndjson', one JSON text per line (application/x-ndjson); 'json', one array; or 'single', one
   * record per request (both application/json). Default: 'ndjson'.
   */
  format?: BodyFormatName | undefined
  /** When a batch is complete. Not allowed with the format 'single'. */
  batch?: BatchOptions | undefined
  /** How bodies are compressed. Default: 'none'. */
  compression?: 'gzip' | 'none' | undefined
  /** 'strict' sends one batch after the other, regardless of `concurrency`. Default: 'any'. */
  order?: 'any' | 'strict' | undefined
  /** The maximum number of requests that may start within any interval; 'none' means no limit. Default: 'none'. */
  rateLimit?: RateLimit | 'none' | undefined
  /**
   * When and how often a request is retried after network errors, timeouts, 408, 425, 429 and 5xx; also after a 409 with
   * a Retry-After and, without `readAnswer`, after a 409 that follows an attempt without an answer: the receiver may
   * still be processing that attempt. Defaults: those of `HubSpotClient`.
   */
  retry?: RetryOptions | undefined
  /**
   * What happens to records that the receiver refuses for good: the whole batch by a 4xx, or the individual records
   * that `readAnswer` names. Some 4xx do not refuse: 401, 403 and 407 (about credentials) and 405, 406, 411, 414, 417, 421,
   * 426 and 431 (about method, URL, headers or connection) always fail, 408, 425, 429 and some 409 are retried, and
   * after a 413 the batch is sent in halves. 'fail' fails the stream, 'skip' counts the records,
   * 'dead-letter' sends them to `deadLetter`. A URL that does not exist (404) refuses every batch. Default: 'fail'.
   */
  onRefused?: 'fail' | 'skip' | 'dead-letter' | undefined
  /**
   * Receives a {@link DeadLetter} for each refused record: a sink, or a Writable in object mode. Required with
   * `onRefused: 'dead-letter'`, and only allowed with that.
   */
  deadLetter?: Writable | undefined
  /**
   * 'with-sink' ends `deadLetter` together with this sink, also if this sink fails, so that its dead letters are kept.
   * 'never' leaves it open, so that several sinks can share it. Default: 'with-sink'.
   */
  endDeadLetter?: 'with-sink' | 'never' | undefined
  /** Names the records that an answer refuses. Default: the status decides for all; a 206 or 207 fails the stream. */
  readAnswer?: ReadAnswer<T> | undefined
  /** Aborts the stream, which fails with the signal's reason. */
  signal?: AbortSignal | undefined
  /**
   * Identifies the run in the Idempotency-Key of each batch, 1 to 200 printable ASCII characters without spaces. A
   * repeated run with the same id sends the same batches with the same keys. Default: random.
   */
  runId?: string | undefined
}

/** The options with every default filled in. */
export interface HttpSettings<T> extends TransportSettings {
  method: 'POST' | 'PUT'
  headers: Readonly<Record<string, string>>
  format: BodyFormatName
  batch: { records: number; bytes: number; milliseconds?: number | undefined }
  compression: 'gzip' | 'none'
  onRefused: 'fail' | 'skip' | 'dead-letter'
  deadLetter?: Writable | undefined
  endDeadLetter: 'with-sink' | 'never'
  readAnswer?: ReadAnswer<T> | undefined
  signal?: AbortSignal | undefined
  runId?: string | undefined
}

const owner = 'toHttp()'
/** What the options accept. */
export const httpRules: OptionRules = {
  owner,
  options: {
    method: withDefault('POST', choice('POST', 'PUT')),
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      secret: true,
      default: {},
      expected: 'an object of header names and strings',
    },
    format: {
      enum: Object.keys(bodyFormats),
      default: 'ndjson',
      expected: `one of ${Object.keys(bodyFormats).join(', ')}`,
    },
    batch: group({
      records: integer({ min: 1, max: 10_000, default: 100 }),
      bytes: integer({ min: 1, max: 2 ** 30, default: 2 ** 20 }),
      milliseconds: integer({ min: 1, max: 2 ** 31 - 1 }),
    }),
    compression: withDefault('none', choice('gzip', 'none')),
    ...transportRules,
    rateLimit: withDefault('none', transportRules.rateLimit),
    order: withDefault('any', choice('any', 'strict')),
    onRefused: withDefault('fail', choice('fail', 'skip', 'dead-letter')),
    deadLetter: { type: 'object', secret: true, expected: 'a sink, or a Writable in object mode' },
    endDeadLetter: withDefault('with-sink', choice('with-sink', 'never')),
    readAnswer: { instanceOf: 'Function', expected: 'a function' },
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
    runId: {
      type: 'string',
      pattern: '^[\\x21-\\x7e]{1,200}$',
      expected: '1 to 200 printable ASCII characters without spaces',
    },
  },
  elsewhere: {
    batchSize: 'it is called batch: { records } here',
    auth: 'send credentials in headers',
    accessToken: 'send it in headers, as Authorization',
    retries: 'it is called retry: { retries } here',
  },
}

/**
 * Checks the options of `toHttp` and fills in the defaults.
 *
 * @throws {LeadpipeError} OPTION
 */
export function httpSettings<T>(given?: HttpOptions<T>): HttpSettings<T> {
  const options = checkOptions(given, httpRules) as HttpOptions<T> & HttpSettings<T>
  const { order, ...own } = options
  const { format, batch, onRefused } = own
  if (format === 'single' && given?.batch !== undefined) {
    const other = { option: 'format', value: format }
    const received = describe(given.batch)
    throw optionError({ owner, option: 'batch', expected: 'none', with: other, received })
  }
  const transport = transportSettings(owner, own)
  return {
    ...own,
    headers: checkHeaders(own.headers),
    batch: format === 'single' ? { ...batch, records: 1 } : batch,
    ...transport,
    concurrency: order === 'strict' ? 1 : transport.concurrency,
    deadLetter: checkDeadLetter(own.deadLetter, onRefused),
  }
}

/** Headers that the sink or the HTTP client sets: a wrong value would break every request. */
const reserved = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Checks the user's headers, and returns them with their names in lower case.
 *
 * @throws {LeadpipeError} OPTION, with the name of the header, never its value.
 */
function checkHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  const headers = new Map<string, string>()
  for (const [name, value] of Object.entries(given)) {
    const key = name.toLowerCase()
    // An invalid name may be a misplaced secret value, so it is not shown.
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      throw wrongHeaders('valid names of headers', 'a name that is not valid (it is not shown)')
    }
    if (reserved.has(key)) throw wrongHeaders('no headers that toHttp() sets itself', key)
    if (headers.has(key)) throw wrongHeaders('each header once', `${key} twice`)
    if (!/^[\x20-\x7e]+$/.test(value) || value.trim() !== value) {
      const expected = 'values of printable ASCII, without spaces around them'
      throw wrongHeaders(expected, `another value for ${key} (it is not shown)`)
    }
    headers.set(key, value)
  }
  return Object.fromEntries(headers)
}

const wrongHeaders = (expected: string, received: string) =>
  optionError({ owner, option: 'headers', expected, received })

/**
 * Checks the destination of refused records, if there is one.
 *
 * @throws {LeadpipeError} OPTION when it can't take them, or does not fit `onRefused`.
 */
function checkDeadLetter(given: unknown, onRefused: string): Writable | undefined {
  const wrong = (expected: string, received: string, other?: OptionContext['with'], remedy?: string) =>
    optionError({ owner, option: 'deadLetter', expected, with: other, received, remedy })
  if (onRefused !== 'dead-letter') {
    if (given === undefined) return undefined
    throw wrong('none', 'a Writable', { option: 'onRefused', value: onRefused })
  }
  const expected = 'a sink, or a Writable in object mode, such as toFile("refused.ndjson")'
  if (!(given instanceof Writable)) {
    const other = { option: 'onRefused', value: onRefused }
    throw wrong(expected, given === undefined ? 'none' : typeOf(given), other)
  }
  if (!given.writableObjectMode) {
    throw wrong(expected, 'a Writable that takes bytes', undefined, 'put encode() before it')
  }
  if (given.destroyed || given.writableEnded) {
    const remedy = 'create a new one for each sink'
    throw wrong('a Writable that was not used before', 'one that has ended', undefined, remedy)
  }
  return given
}
