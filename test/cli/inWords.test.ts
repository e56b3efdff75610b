import t from 'tap'
import { plural, size, span } from '../../lib/cli/inWords.ts'

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
