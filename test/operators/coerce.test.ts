import { readFileSync } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { CoercedTypes, CoerceOptions } from '../../lib/index.ts'
import { coerce } from '../../lib/operators/coerce.ts'
import { validate } from '../../lib/operators/validate.ts'
import { generateLeads } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'

type Types = Record<string, keyof CoercedTypes>

async function coerced(values: unknown[], types: Types, options?: CoerceOptions) {
  const sink = toArray({ max: 999 })
  const report = await run(values, coerce<unknown, Types, 'time' | 'null'>(types, options), sink)
  return { records: sink.records, report }
}

const time = Date.parse('2012-01-31T08:15:00.123Z')

/** Values, and what each type makes of them; absent if it can't be converted. */
const conversions: [value: unknown, expected: { iso?: unknown; number?: unknown; boolean?: unknown }][] = [
  [time, { iso: '2012-01-31T08:15:00.123Z', number: time }],
  [String(time), { iso: '2012-01-31T08:15:00.123Z', number: time }],
  ['2012-01-31T09:15:00.123+01:00', { iso: '2012-01-31T08:15:00.123Z' }],
  ['2012-01-31', { iso: '2012-01-31T00:00:00.000Z' }],
  ['2012-02-30', {}],
  ['2012-01-31T09:15:00', {}],
  ['yesterday', {}],
  [new Date(time), { iso: '2012-01-31T08:15:00.123Z' }],
  [new Date(Number.NaN), {}],
  [8.64e15 + 1, { number: 8.64e15 + 1 }],
  [1.5, { number: 1.5 }],
  ['1.50', { number: 1.5 }],
  [' -2e3 ', { number: -2000 }],
  ['9007199254740993', {}],
  ['0.1234567890123456789', {}],
  ['1e999', {}],
  ['0x10', {}],
  ['1,5', {}],
  [Number.NaN, {}],
  [Number.POSITIVE_INFINITY, {}],
  [0, { iso: '1970-01-01T00:00:00.000Z', number: 0, boolean: false }],
  [1, { iso: '1970-01-01T00:00:00.001Z', number: 1, boolean: true }],
  ['1', { iso: '1970-01-01T00:00:00.001Z', number: 1, boolean: true }],
  [true, { boolean: true }],
  ['FALSE', { boolean: false }],
  ['yes', {}],
  [null, { iso: null, number: null, boolean: null }],
  ['', { iso: null, number: null, boolean: null }],
  [{}, {}],
  [[1], {}],
  [1n, {}],
]

t.test('coerce: what each type makes of each value; anything else is invalid, never changed', async t => {
  for (const [value, expected] of conversions) {
    const all = {
      ...expected,
      ...('iso' in expected ? { date: expected.iso && new Date(String(expected.iso)) } : {}),
    }
    for (const type of ['iso', 'date', 'number', 'boolean'] as const) {
      const outcome = await coerced([{ guid: 'g', v: value }], { v: type }).then(
        ({ records }) => records,
        error => error.code,
      )
      const isValid = type in all
      t.strictSame(
        outcome,
        isValid ? [{ guid: 'g', v: all[type] }] : 'INVALID_LEAD',
        `${typeof value} ${String(value)}: ${type}`,
      )
    }
  }
})

t.test('coerce: the value itself is not changed, and one without the paths is passed on', async t => {
  const value = { guid: 'g', at: 5, list: [{ at: '6' }, {}, null] }
  const before = structuredClone(value)
  const { records } = await coerced([value], {
    at: 'iso',
    'list.*.at': 'number',
    gone: 'date',
    'at.x': 'date',
  })
  t.strictSame(records, [{ guid: 'g', at: '1970-01-01T00:00:00.005Z', list: [{ at: 6 }, {}, null] }])
  t.strictSame(value, before)
  const other = { guid: 'h', at: undefined }
  t.equal((await coerced([other], { at: 'iso' })).records[0], other)
})

t.test('coerce: 0 is no time if zeroTimes says so, for times only', async t => {
  const { records } = await coerced(
    [{ a: 0, b: 0, c: 0, d: 0 }],
    { a: 'iso', b: 'date', c: 'number', d: 'boolean' },
    {
      zeroTimes: 'null',
    },
  )
  t.strictSame(records, [{ a: null, b: null, c: 0, d: false }])
})

t.test('coerce: every time of 1,000 leads becomes the same time in ISO 8601', async t => {
  const leads = [...generateLeads({ count: 1_000 })]
  const { records } = await coerced(leads.slice(0, 999), {
    insertedAt: 'iso',
    'leadConversionEvents.*.convertDate': 'iso',
  })
  for (const [index, record] of (records as typeof leads).entries()) {
    const lead = leads[index]
    t.equal(Date.parse(String(record.insertedAt)), lead?.insertedAt)
    t.strictSame(
      record.leadConversionEvents?.map(event => Date.parse(String(event.convertDate))),
      lead?.leadConversionEvents?.map(event => event.convertDate),
    )
  }
})

t.test("coerce: an error has the place and the type, and not the person's data", async t => {
  const secret = 'ada@example.com'
  const failure = await failureOf(
    coerced([{ guid: 'g', list: [{ n: 1 }, { n: secret }] }], { 'list.*.n': 'number' }),
  )
  t.match(failure, {
    code: 'INVALID_LEAD',
    message: "lead g: /list/1/n can't be converted to a number with the same digits",
    context: { guid: 'g', path: '/list/1/n', rule: 'coerce' },
  })
  t.notMatch(JSON.stringify(failure), 'ada')
})

t.test('coerce: skip and quarantine, with every problem, and a limit', async t => {
  const values = [
    { guid: 'a', n: 'x', b: 'y' },
    { guid: 'b', n: '1' },
  ]
  const skipped = await coerced(values, { n: 'number' }, { onInvalid: 'skip' })
  t.strictSame(skipped.records, [{ guid: 'b', n: 1 }])
  t.match(skipped.report, { skipped: 1, operators: [{ name: 'coerce', own: { valid: 1, skipped: 1 } }] })

  const quarantine = `${t.testdir()}/rejected.ndjson`
  const { report } = await coerced(
    values,
    { n: 'number', b: 'boolean' },
    { onInvalid: 'quarantine', quarantine },
  )
  t.match(report, { quarantined: 1, records: 1 })
  const line = JSON.parse(readFileSync(quarantine, 'utf8'))
  t.match(line, {
    code: 'INVALID_LEAD',
    guid: 'a',
    raw: JSON.stringify(values[0]),
    errors: [
      { path: '/n', rule: 'coerce', message: "can't be converted to a number with the same digits" },
      { path: '/b', rule: 'coerce', message: "can't be converted to true or false" },
    ],
  })

  const failure = await failureOf(coerced(values, { n: 'number' }, { onInvalid: 'skip', maxInvalid: 0 }))
  t.match(failure, {
    code: 'INVALID_LEAD',
    problem: /^1 of 1 records are invalid, 0 are allowed/,
    context: { remedy: { owner: 'coerce()', option: 'maxInvalid' } },
  })
})

t.test('coerce: in a plain pipeline, only a stream can be its quarantine', async t => {
  const path = coerce<{ n: unknown }, { n: 'number' }>(
    { n: 'number' },
    { onInvalid: 'quarantine', quarantine: 'r.ndjson' },
  )
  const failure = await failureOf(pipeline(Readable.from([{ n: 'x' }]), path, toArray({ max: 9 })))
  t.match(failure, { code: 'OPTION', context: { owner: 'coerce()', option: 'quarantine' } })
  const quarantine = new PassThrough({ objectMode: true })
  const operator = coerce<{ n: unknown }, { n: 'number' }>(
    { n: 'number' },
    { onInvalid: 'quarantine', quarantine },
  )
  await pipeline(Readable.from([{ n: 'x' }, { n: '2' }]), operator, toArray({ max: 9 }))
  t.match(quarantine.read(), { raw: '{"n":"x"}' })
})

t.test('coerce: one file for the quarantines of two operators is refused', async t => {
  const options = { onInvalid: 'quarantine', quarantine: `${t.testdir()}/r.ndjson` } as const
  const failure = await failureOf(
    run(
      [],
      validate<{ n: string }>({ ...options, schema: {} }),
      coerce({ n: 'number' }, options),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, { code: 'OPTION', context: { owner: 'coerce()', option: 'quarantine' } })
})

t.test('coerce: wrong types and options are OPTION errors', t => {
  for (const [types, options, message] of [
    [undefined, undefined, 'coerce(): expected an object of path to type, received undefined'],
    [{}, undefined, 'coerce(): expected an object of path to type, received {}'],
    [
      { a: 'text' },
      undefined,
      'coerce(): a: expected "iso", "date", "number" or "boolean", received \'text\'',
    ],
    [
      { a: 'toString' },
      undefined,
      'coerce(): a: expected "iso", "date", "number" or "boolean", received \'toString\'',
    ],
    [
      { 'a..b': 'iso' },
      undefined,
      'coerce(): a..b: expected a dotted path, for example "crmDetails.status", received \'a..b\'',
    ],
    [
      { a: 'iso' },
      { onInvalid: 'drop' },
      'coerce(): onInvalid: expected "fail", "skip" or "quarantine", received \'drop\'',
    ],
    [{ a: 'iso' }, { onInvalid: 'quarantine' }, /^coerce\(\): quarantine: expected the path of a file/],
    [{ a: 'iso' }, { maxInvalid: 3 }, /^coerce\(\): maxInvalid: expected none with onInvalid 'fail'/],
    [{ a: 'iso' }, { zeroTimes: 0 }, 'coerce(): zeroTimes: expected "time" or "null", received 0'],
  ])
    t.throws(() => coerce(types as never, options as never), { code: 'OPTION', message })
  t.end()
})
