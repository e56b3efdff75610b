import t from 'tap'
import { clockNote, type Noun, plural, reportText, size, span } from '../../lib/cli/inWords.ts'
import type { Report } from '../../lib/index.ts'

t.test('size: bytes are shown in the largest unit that fits after rounding', async t => {
  const cases: [bytes: number, words: string][] = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_960, '1.0 MB'],
    [1_000_000, '1.0 MB'],
    [999_950_000, '1.0 GB'],
    [18_811_733, '18.8 MB'],
    [999_960_000_000, '1.0 TB'],
    [5_000_000_000_000_000, '5000.0 TB'],
  ]
  for (const [bytes, words] of cases) t.equal(size(bytes), words, `${bytes}`)
})

t.test('span: a time is shown in seconds, minutes or hours after rounding', async t => {
  const cases: [milliseconds: number, words: string][] = [
    [0, '0.0 s'],
    [535, '0.5 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 0 s'],
    [60_000, '1 min 0 s'],
    [119_999, '1 min 59 s'],
    [3_599_999, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [7_380_000, '2 h 3 min'],
  ]
  for (const [milliseconds, words] of cases) t.equal(span(milliseconds), words, `${milliseconds}`)
})

t.test('plural: one has the singular, many the plural', async t => {
  t.equal(plural(1, 'lead'), '1 lead')
  t.equal(plural(1_234_567, 'lead'), '1,234,567 leads')
})

const report: Report = {
  ...{ read: 5, records: 5, skipped: 0, quarantined: 0, duration: 100, operators: [] },
  sink: { received: 5 },
  source: { name: 'crmObjects', delivered: 5, pages: 1, bytes: 10, requests: 2, retries: 1 },
}
const textOf = (changes: Partial<Report>, noun: Noun = ['company', 'companies']) =>
  reportText({ ...report, ...changes }, { destination: '-', noun, flags: {} })

t.test(
  'reportText: it uses the noun of the source, and has a line for each other number that is not 0',
  async t => {
    const { source } = report
    const plain = '5 companies in 1 page, 10 bytes, 2 requests, 1 retry\n'
    const end = '5 records written to standard output\ndone in 0.1 s; the numbers add up\n'
    t.equal(textOf({}), plain + end)
    const none = { merged: 0, gone: 0, outside: 0, repeated: 0, unlisted: 0 }
    t.equal(textOf({ source: { ...source, ...none } as Report['source'] }), plain + end)
    const lines: [Partial<Report>, string][] = [
      [{ quarantined: 1 }, '1 invalid company quarantined'],
      [{ skipped: 2 }, '2 invalid companies skipped'],
      [
        { source: { ...source, merged: 1 } as never },
        '1 company was merged into others meanwhile: those have what they had',
      ],
      [{ source: { ...source, gone: 2 } as never }, '2 companies were archived or deleted meanwhile'],
      [
        { source: { ...source, outside: 1 } as never },
        '1 result of the search dropped: not modified in the time requested',
      ],
      [{ source: { ...source, repeated: 3 } as never }, '3 results of the search dropped: returned before'],
      [
        { source: { ...source, unlisted: 1 } as never },
        '1 company counted by the search, but not returned: its index lags, or they were modified meanwhile',
      ],
      [
        { forms: { refused: { count: 0, forms: [] }, until: 0 } },
        'read what was submitted before 1970-01-01T00:00:00.000Z',
      ],
      [
        { window: { timePivot: 'hs_lastmodifieddate', stopTime: 0 } },
        'read up to hs_lastmodifieddate 1970-01-01T00:00:00.000Z',
      ],
    ]
    for (const [changes, line] of lines) t.equal(textOf(changes), `${plain}${line}\n${end}`)
  },
)

t.test('reportText: it names the first three forms that the portal refused, with the status', async t => {
  const forms = ['a', 'b', 'c', 'd'].map(formGuid => ({ formGuid, status: 403, reason: 'no' }))
  const refused = (count: number) => ({ forms: { refused: { count, forms: forms.slice(0, count) } } })
  t.match(textOf(refused(1)), '\nthe portal refused the submissions of 1 form: a (403)\n')
  t.match(
    textOf(refused(4)),
    '\nthe portal refused the submissions of 4 forms: a (403), b (403), c (403) …\n',
  )
})

t.test('reportText: it says in which ways submissions were joined, and which matched no contact', async t => {
  const facts = { read: 7, absentProperties: [], unreadable: 0 }
  const none = { ...facts, joined: { conversionId: 0, time: 0, email: 0 }, unmatched: 0 }
  t.notMatch(textOf({ submissions: none }), /submission|value|property/)
  const some = { ...facts, joined: { conversionId: 4, time: 0, email: 2 }, unmatched: 1 }
  t.match(
    textOf({ submissions: { ...some, absentProperties: ['closedate'], unreadable: 3 } }),
    '\n6 submissions joined to contacts: 4 by conversionId, 2 by email address\n1 submission matched no contact\n3 values left out, not being of the type of the property\nthe portal lacks 1 property that leads are made from: closedate\n',
  )
})

t.test('clockNote: it names the flag that ends the time to read', async t => {
  const note = (name: string, changes: Partial<Report>) =>
    clockNote({
      ...report,
      source: { ...report.source, name, delivered: 0, clockDifference: 120_000 },
      ...changes,
    })
  const window = { timePivot: 'lastmodifieddate', stopTime: 1 } as const
  t.match(note('crmObjects', { window }), / or at an earlier --modified-before$/)
  t.match(note('leads', { window }), / or at an earlier --stop-time$/)
  t.match(note('formSubmissions', { forms: { refused: { count: 0, forms: [] }, until: 1 } }), / --stop-time$/)
  t.equal(note('crmObjects', {}), undefined)
})
