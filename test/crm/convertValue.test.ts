import t from 'tap'
import { convertValue, NotConvertible } from '../../lib/crm/convertValue.ts'

const table: [type: string, value: unknown, expected: unknown][] = [
  ['number', '12', 12],
  ['number', ' -1.5e3 ', -1500],
  ['number', '.5', 0.5],
  ['number', 7, 7],
  ['number', '12345678901234567890', '12345678901234567890'],
  ['number', '1e400', '1e400'],
  ['bool', 'true', true],
  ['bool', 'FALSE', false],
  ['bool', '1', true],
  ['bool', '0', false],
  ['bool', true, true],
  ['date', '2026-11-27', '2026-11-27'],
  ['date', '1764201600000', '2025-11-27'],
  ['date', '2026-11-27T00:00:00Z', '2026-11-27'],
  ['datetime', '2026-11-27T10:11:12Z', '2026-11-27T10:11:12.000Z'],
  ['datetime', '2026-11-27T10:11:12.345+02:00', '2026-11-27T08:11:12.345Z'],
  ['datetime', '1764201600001', '2025-11-27T00:00:00.001Z'],
  ['datetime', '1764201600001.0', '2025-11-27T00:00:00.001Z'],
  ['datetime', '2026-11-27', '2026-11-27T00:00:00.000Z'],
  ['string', '12', '12'],
  ['enumeration', 'a;b', 'a;b'],
  ['phone_number', '+1', '+1'],
  ['a newer type', 'x', 'x'],
  ['toString', 'x', 'x'],
]

t.test('convertValue: every spelling of a type becomes one', async t => {
  for (const [type, value, expected] of table)
    t.equal(convertValue(value, type, 'text'), expected, `${type} ${JSON.stringify(value)}`)
})

t.test('convertValue: an empty text is no value, whatever the type', async t => {
  for (const type of ['number', 'bool', 'date', 'datetime', 'string', 'enumeration', 'a newer type']) {
    t.equal(convertValue('', type, 'text'), null, type)
    t.equal(convertValue(null, type, 'text'), null, type)
  }
})

t.test('convertValue: a value that is not of the type is refused, never guessed', async t => {
  const wrong: [type: string, value: unknown][] = [
    ['number', 'twelve'],
    ['number', '1,5'],
    ['number', '0x10'],
    ['number', 'Infinity'],
    ['number', true],
    ['bool', 'yes'],
    ['bool', '2'],
    ['date', '2021-02-30'],
    ['date', '27.11.2026'],
    ['date', '1764201600001'],
    ['datetime', '2021-02-30T10:00:00Z'],
    ['datetime', '2026-11-27T10:11:12'],
    ['datetime', 'yesterday'],
    ['datetime', '99999999999999999'],
  ]
  for (const [type, value] of wrong)
    t.type(convertValue(value, type, 'text'), NotConvertible, `${type} ${JSON.stringify(value)}`)
})

t.test("convertValue: longNumbers 'round' takes the nearest double, but never Infinity", async t => {
  t.equal(convertValue('12345678901234567890', 'number', 'round'), 12345678901234567000)
  t.equal(convertValue('1e400', 'number', 'round'), '1e400')
})
