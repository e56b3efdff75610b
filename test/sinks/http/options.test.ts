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
    batch: { records: 100, bytes: 1_048_576 },
    compression: 'none',
    concurrency: 4,
    rateLimit: 'none',
    retry: { retries: 5, minDelay: 500, maxDelay: 60_000, budget: 0.5 },
    timeouts: { connect: 10_000, headers: 60_000, chunk: 60_000 },
    onRefused: 'fail',
    deadLetter: undefined,
    endDeadLetter: 'with-sink',
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
  [
    { batch: { seconds: 1 } },
    /unknown option "batch\.seconds"; expected one of records, bytes, milliseconds/,
  ],
  [{ batch: {}, format: 'single' }, /batch: expected none with format 'single', received/],
  [{ compression: 'br' }, /compression/],
  [{ concurrency: 101 }, /concurrency: expected an integer from 1 to 100, received 101/],
  [{ order: 'sorted' }, /order/],
  [{ rateLimit: { requests: 1 } }, /rateLimit\.interval: expected an integer from 1 to 2147483647 \(milli/],
  [{ retry: { retries: -1 } }, /retry\.retries: expected an integer from 0 to 100, received -1/],
  [
    { retry: { minDelay: 2, maxDelay: 1 } },
    /retry\.minDelay: expected at most 1 with retry\.maxDelay 1, received 2/,
  ],
  [{ timeouts: { page: 1 } }, /unknown option "timeouts\.page"; expected one of connect, headers, chunk/],
  [{ onRefused: 'ignore' }, /onRefused/],
  [{ onRefused: 'dead-letter' }, /deadLetter: expected a sink.*, received none/],
  [{ deadLetter }, /deadLetter: expected none with onRefused 'fail', received a Writable/],
  [{ onRefused: 'dead-letter', deadLetter: {} }, /deadLetter: expected a sink/],
  [{ onRefused: 'dead-letter', deadLetter: 'refused.ndjson' }, /deadLetter: expected a sink/],
  [
    { onRefused: 'dead-letter', deadLetter: new Writable() },
    /received a Writable that takes bytes; put encode\(\) before it/,
  ],
  [
    { onRefused: 'dead-letter', deadLetter: ended },
    /received one that has ended; create a new one for each sink/,
  ],
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
  [
    { headers: { 'Content-Length': '5' } },
    /expected no headers that toHttp\(\) sets itself, received content-length/,
  ],
  [
    { headers: { 'Idempotency-Key': 'x' } },
    /expected no headers that toHttp\(\) sets itself, received idempotency-key/,
  ],
  [{ headers: { a: '1', A: '2' } }, /expected each header once, received a twice/],
  [{ headers: { a: 'x\r\nb: c' } }, /expected values of printable ASCII, .*, received another value for a/],
  [{ headers: { a: '' } }, /another value for a \(it is not shown\)/],
  [{ headers: { 'a b': 'c' } }, /expected valid names of headers, received a name that is not valid/],
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
      /expected a URL without credentials, received https:\/\/receiver.example\/x with them; .*headers/,
    ],
    ['https://hunter22@receiver.example', /credentials/],
    [
      'https://receiver.example/x?key=hunter22#y',
      /expected a URL without a fragment, received https:\/\/receiver.example\/x with one; omit #/,
    ],
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
