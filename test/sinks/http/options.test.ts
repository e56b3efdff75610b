import { PassThrough, Writable } from 'node:stream'
import { inspect } from 'node:util'
import t from 'tap'
import type { LeadpipeError } from '../../../lib/errors.ts'
import { encode } from '../../../lib/operators/encode.ts'
import type { HttpOptions } from '../../../lib/sinks/http/options.ts'
import { httpSettings } from '../../../lib/sinks/http/options.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { failureOf } from '../../support/failureOf.ts'

const url = 'https://receiver.example/in'

t.test('toHttp: an option that is left out has its default', async t => {
  t.strictSame(httpSettings(), {
    method: 'POST',
    headers: {},
    format: 'ndjson',
    batch: { records: 100, bytes: 1_048_576, milliseconds: undefined },
    compression: 'none',
    concurrency: 4,
    rateLimit: 'none',
    retry: { retries: 5, minDelay: 500, maxDelay: 60_000, budget: 0.5 },
    timeouts: { connect: 10_000, headers: 60_000, chunk: 60_000 },
    onRefused: 'fail',
    deadLetter: undefined,
    endDeadLetter: 'with-sink',
    readAnswer: undefined,
    signal: undefined,
    runId: undefined,
  })
  const parts = httpSettings({ batch: { bytes: 5 }, retry: { retries: 0 }, timeouts: { chunk: 7 } })
  t.match(parts, {
    batch: { records: 100, bytes: 5 },
    retry: { retries: 0, minDelay: 500 },
    timeouts: { chunk: 7, connect: 10_000 },
  })
  t.equal(httpSettings({ order: 'strict', concurrency: 8 }).concurrency, 1)
})

t.test('toHttp: an option that is undefined counts as absent, also a nested one', async t => {
  const given = { batch: { records: undefined }, retry: { retries: undefined }, signal: undefined }
  t.strictSame(httpSettings(given as unknown as HttpOptions), httpSettings())
})

const deadLetter = toArray({ max: 1 })
const ended = new PassThrough({ objectMode: true }).end()
const wrong: [options: unknown, message: RegExp][] = [
  [{ method: 'GET' }, /^toHttp\(\): method: expected "POST" or "PUT", received 'GET'$/],
  [{ format: 'csv' }, /format: expected one of ndjson, json, single, received 'csv'/],
  [{ batch: 100 }, /batch: expected \{ records, bytes, milliseconds \}, received 100/],
  [{ batch: { records: 0 } }, /batch\.records: expected an integer from 1 to 10000, received 0/],
  [{ batch: { records: 10_001 } }, /batch\.records: expected an integer from 1 to 10000, received 10001/],
  [{ batch: { bytes: 0 } }, /batch\.bytes: expected an integer from 1 to 1073741824, received 0/],
  [{ batch: { bytes: 2 ** 31 } }, /batch\.bytes: expected .* from 1 to 1073741824, received 2147483648/],
  [{ batch: { milliseconds: 0.5 } }, /batch\.milliseconds: expected an integer from 1 to 2147483647, /],
  [{ batch: { seconds: 1 } }, /unknown option "batch\.seconds"; batch has: records, bytes, milliseconds/],
  [{ batch: {}, format: 'single' }, /batch: the format "single" sends one record a request/],
  [{ compression: 'br' }, /compression/],
  [{ concurrency: 101 }, /concurrency: expected an integer from 1 to 100, received 101/],
  [{ order: 'sorted' }, /order/],
  [{ rateLimit: { requests: 1 } }, /rateLimit\.interval: expected an integer from 1 to 2147483647 \(milli/],
  [{ retry: { retries: -1 } }, /retry\.retries: expected an integer from 0 to 100, received -1/],
  [
    { retry: { minDelay: 2, maxDelay: 1 } },
    /retry\.minDelay: expected no more than maxDelay \(1\), received 2/,
  ],
  [{ timeouts: { page: 1 } }, /unknown option "timeouts\.page"; timeouts has: connect, headers, chunk/],
  [{ onRefused: 'ignore' }, /onRefused/],
  [{ onRefused: 'dead-letter' }, /deadLetter: expected a sink.*, received none/],
  [{ deadLetter }, /deadLetter: it belongs to onRefused: "dead-letter"/],
  [{ onRefused: 'dead-letter', deadLetter: {} }, /deadLetter: expected a sink/],
  [{ onRefused: 'dead-letter', deadLetter: 'refused.ndjson' }, /deadLetter: expected a sink/],
  [{ onRefused: 'dead-letter', deadLetter: new Writable() }, /put encode\(\) in front/],
  [{ onRefused: 'dead-letter', deadLetter: ended }, /it has been ended already/],
  [{ endDeadLetter: true }, /endDeadLetter/],
  [{ readAnswer: 'json' }, /readAnswer: expected a function/],
  [{ signal: {} }, /signal: expected an AbortSignal/],
  [{ runId: '' }, /runId: expected 1 to 200 printable/],
  [{ runId: 'a\nb' }, /runId/],
  [{ accessToken: 'T' }, /unknown option "accessToken"; send it in headers/],
  [{ headers: ['a'] }, /headers: expected an object/],
  [
    { headers: { a: 1 } },
    /headers: expected an object of header names and strings, received a value of type/,
  ],
  [{ headers: { 'Content-Length': '5' } }, /content-length can't be set/],
  [{ headers: { 'Idempotency-Key': 'x' } }, /idempotency-key can't be set/],
  [{ headers: { a: '1', A: '2' } }, /a is given twice/],
  [{ headers: { a: 'x\r\nb: c' } }, /the value of a: expected printable ASCII/],
  [{ headers: { a: '' } }, /the value of a/],
  [{ headers: { 'a b': 'c' } }, /expected names of headers, received one that is none/],
]

t.test('toHttp: a wrong, unknown or contradictory option is an OPTION error that names it', async t => {
  for (const [options, message] of wrong) {
    t.match(await failureOf(() => toHttp(url, options as HttpOptions)), { code: 'OPTION', message })
  }
})

t.test('toHttp: encode() can be the deadLetter', async t => {
  t.doesNotThrow(() => toHttp(url, { onRefused: 'dead-letter', deadLetter: encode() }))
})

t.test('toHttp: a wrong URL is an OPTION error without credentials or query', async t => {
  const cases: [string, RegExp][] = [
    ['/in', /url: expected an http or https URL, received "\/in"/],
    ['http://user:hunter22@/x', /expected an http or https URL/],
    ['ftp://receiver.example/x', /received one of ftp:/],
    [
      'https://user:hunter22@receiver.example/x?key=hunter22',
      /https:\/\/receiver.example\/x: credentials.*headers/,
    ],
    ['https://hunter22@receiver.example', /credentials/],
    ['https://receiver.example/x?key=hunter22#y', /https:\/\/receiver.example\/x: what stands behind #/],
  ]
  for (const [given, message] of cases) {
    const error = (await failureOf(() => toHttp(given))) as LeadpipeError
    t.match(error, { code: 'OPTION', message })
    t.notMatch(inspect(error, { depth: 9, showHidden: true }), /hunter22/)
  }
})

t.test('toHttp: a URL object is accepted; the property url has no query', async t => {
  t.equal(
    toHttp(new URL('https://receiver.example:8443/a/b?key=hunter22')).url,
    'https://receiver.example:8443/a/b',
  )
})
