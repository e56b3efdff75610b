import fc from 'fast-check'
import t from 'tap'
import { destinationOf, number, rate, time } from '../../lib/cli/flags.ts'

const times: Record<string, number> = {
  '2020-01-01': Date.UTC(2020, 0, 1),
  '2020-02-29': Date.UTC(2020, 1, 29),
  '2020-01-01T00:00': Date.UTC(2020, 0, 1),
  '2020-01-01T12:30:15': Date.UTC(2020, 0, 1, 12, 30, 15),
  '2020-01-01T12:30:15.250Z': Date.UTC(2020, 0, 1, 12, 30, 15, 250),
  '2020-01-01T12:30:15.2509Z': Date.UTC(2020, 0, 1, 12, 30, 15, 250),
  '2020-01-01T24:00Z': Date.UTC(2020, 0, 2),
  '2020-01-01T00:00+02:00': Date.UTC(2019, 11, 31, 22),
  '2020-01-01T00:00:00-11:30': Date.UTC(2020, 0, 1, 11, 30),
  '0': 0,
  '1000000000000': 1_000_000_000_000,
  '1577836800000': Date.UTC(2020, 0, 1),
}
for (const [text, value] of Object.entries(times)) {
  t.test(`time: ${text} is read, as UTC unless it has an offset`, async t => {
    t.equal(time(text), value)
  })
}

for (const text of [
  ...['', ' ', 'now', 'yesterday', '-5', '1', '2020', '202001', '20200101', '1577836800', '20200101120000'],
  ...['100000000000', '202001011200'],
  ...['1577836800000000', '1e12', '1577836800000.5', ' 1577836800000', '١٥٧٧٨٣٦٨٠٠٠٠٠', '0x16f5e66e800'],
  ...[
    '2020-01',
    '2020-1-1',
    '2020-02-30',
    '2020-04-31',
    '2019-02-29',
    '2020-13-01',
    '2020-00-10',
    '2020-01-00',
  ],
  ...[
    '2019-02-29T10:00Z',
    '2020-W01',
    '2020-W01-1',
    '2020-001',
    '10000-01-01',
    '+010000-01-01',
    '-000001-01-01',
  ],
  ...['2020-01-01 00:00', '2020-01-01T00', '2020-01-01T25:00', '2020-01-01T24:01', '2016-12-31T23:59:60Z'],
  ...[
    '2020-01-01Z',
    '2020-01-01T00:00z',
    '2020-01-01T00:00+0200',
    '2020-01-01T00:00+25:00',
    '2020-01-01T00:00+02',
  ],
  ...['2020-01-01T00:00 Z', '2020-01-01T00:00[Europe/Berlin]', '01/02/2020', 'Jan 1, 2020', '2020-01-01\n'],
]) {
  t.test(`time: ${JSON.stringify(text)} is refused`, async t => {
    t.throws(() => time(text), { message: /^Expected a time such as 2012-06-30 or .*\(13 digits\)\.$/ })
  })
}

t.test('time: a text that is not refused means the same as in Date.parse with a zone', async () => {
  const part = (min: number, max: number) =>
    fc.integer({ min, max }).map(value => String(value).padStart(2, '0'))
  const text = fc
    .tuple(fc.integer({ min: 1970, max: 9999 }), part(0, 13), part(0, 32), part(0, 25), part(0, 60))
    .map(([year, month, day, hour, minute]) => [`${year}-${month}-${day}`, `T${hour}:${minute}`] as const)
  fc.assert(
    fc.property(text, fc.constantFrom('', 'Z', '+05:30'), ([day, clock], zone) => {
      const isReal =
        new Date(`${day}T00:00Z`).getTime() >= 0 && new Date(`${day}T00:00Z`).toJSON().startsWith(day)
      const expected = isReal ? Date.parse(`${day}${clock}${zone || 'Z'}`) : Number.NaN
      let value = Number.NaN
      try {
        value = time(`${day}${clock}${zone}`)
      } catch {}
      return Object.is(value, expected)
    }),
  )
})

t.test('number: decimal digits are read, and nothing else', async t => {
  for (const [text, value] of Object.entries({ '0': 0, '100': 100, '007': 7, '-5': -5, '0.01': 0.01 })) {
    t.equal(number(text), value)
  }
  for (const text of [
    ...['', ' ', ' 5', '5 ', '1e3', '0x10', '0b1', '0o7', '1_000', '1,000', '١', '５', '+5', '.5', '5.'],
    ...['Infinity', 'NaN', '--5', '5%', '5n', '9007199254740993', '1\n'],
  ]) {
    t.throws(() => number(text), { message: 'Expected a number, such as 100 or 0.01.' }, JSON.stringify(text))
  }
})

t.test('rate: N/SECONDS is read, and nothing else', async t => {
  t.strictSame(rate('100/10'), { requests: 100, interval: 10_000 })
  t.strictSame(rate('1/0.5'), { requests: 1, interval: 500 })
  for (const text of ['', '100', '100/', '/10', '1e2/10', '100/10s', '100 / 10', '١/١', '-1/10']) {
    t.throws(() => rate(text), { message: /^Expected N\/SECONDS/ }, JSON.stringify(text))
  }
})

t.test('destinationOf: every name of standard output is -, and other names are kept', async t => {
  for (const text of ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) t.equal(destinationOf(text), '-')
  for (const text of ['/dev/stderr', '/dev/fd/11', 'a.ndjson', './-', 'https://a.example']) {
    t.equal(destinationOf(text), text)
  }
})
