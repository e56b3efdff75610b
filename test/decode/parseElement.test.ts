import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { findLongNumbers, isLongNumber } from '../../lib/decode/parseElement.ts'
import { scanText, ValueScanner } from '../../lib/decode/ValueScanner.ts'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, laneNames, lanes } from '../support/decodeAll.ts'

/** Numbers that a double does not hold; the last ones are too large for it. */
const long = [
  '9007199254740993',
  '-9007199254740993',
  '123456789012345678901234567890123456789',
  '0.1234567890123456789012345',
  '0.10000000000000000555',
  '12345678.123456789012',
  '1234567890.123456789e5',
  '1e-400',
  '-1E-400',
  '4.9e-324',
  '1e400',
  '-1E+400',
  '9'.repeat(400),
]
const tooLarge = long.slice(-3)

/** Numbers that a double holds, in any words. */
const held = [
  ...[
    '0',
    '-0',
    '0.0',
    '1.0',
    '1e3',
    '1E+3',
    '1e-3',
    '0e999999',
    '0.0e-999999',
    '5e-324',
    '1e300',
    '1.50e-7',
  ],
  ...['9007199254740992', '9007199254740994', '1e22', '100000000000000000000000', '0.30000000000000004'],
  ...['1577836800000', '1577836800000.000000000', '1.7976931348623157e308'],
]

t.test('isLongNumber: whether a double holds a number, however it is written', async t => {
  for (const number of long) t.ok(isLongNumber(number), number)
  for (const number of held) t.notOk(isLongNumber(number), number)
})

/** A JSON number: digits, fraction and exponent. */
const numbers = fc
  .tuple(
    fc.boolean(),
    fc.bigInt({ min: 0n, max: 10n ** 24n }),
    fc.option(fc.stringMatching(/^\d{1,22}$/), { nil: undefined }),
    fc.option(fc.integer({ min: -340, max: 320 }), { nil: undefined }),
  )
  .map(
    ([isNegative, whole, fraction, exponent]) =>
      `${isNegative ? '-' : ''}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent === undefined ? '' : `e${exponent}`}`,
  )

/** A number times 10 to the 800th power, exactly. */
function scaled(number: string): bigint {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/.exec(number) ?? []
  const digits = BigInt(`${sign}${whole}${fraction}`)
  return digits * 10n ** BigInt(800 + Number(exponent) - fraction.length)
}

t.test('isLongNumber: true exactly if the number that JSON.stringify writes is another one', async () => {
  const property = fc.property(numbers, number => {
    const written = JSON.stringify(JSON.parse(number))
    equal(isLongNumber(number), written === 'null' || scaled(written) !== scaled(number), number)
  })
  fc.assert(property, { numRuns: 3_000 })
})

t.test('findLongNumbers: those outside of strings are found, and quoted if they are kept', async t => {
  const text = `{"a\\"1e400":${long[0]},"${long[1]}":"\\\\","b":[1.0,${long[3]},{"c":1e400}],"d":"${long[2]}\\""}`
  t.strictSame(findLongNumbers(text, 'round'), {
    text: text.replace('{"c":1e400}', '{"c":"1e400"}'),
    roundedNumbers: 2,
    textNumbers: 1,
  })
  const kept = findLongNumbers(text, 'text')
  t.match(kept, { roundedNumbers: 0, textNumbers: 3 })
  t.match(JSON.parse(kept.text), { 'a"1e400': long[0], b: [1, long[3], { c: '1e400' }] })
})

t.test('findLongNumbers: a text of a million digits or escapes is no problem', async t => {
  const digits = '1'.repeat(1_000_000)
  t.match(findLongNumbers(`[${digits},0.${digits}]`, 'round'), { roundedNumbers: 1, textNumbers: 1 })
  const zeros = '0'.repeat(1_000_000)
  t.match(findLongNumbers(`[1${zeros}1,0.${zeros}1,1.${zeros}]`, 'round'), {
    roundedNumbers: 1,
    textNumbers: 1,
  })
  const escapes = JSON.stringify('\\"'.repeat(1_000_000))
  t.match(findLongNumbers(`[${escapes},${long[0]}]`, 'text'), { textNumbers: 1 })
})

const spaced = fc.constantFrom('', ' ', '\n', '          ')
const anyNumber = fc.oneof(numbers, fc.constantFrom(...long, ...held))
/** The text of a JSON object with numbers at many places. */
const texts = fc
  .array(fc.tuple(spaced, anyNumber, fc.constantFrom('n', 'list', 'text', 'word')), { maxLength: 6 })
  .map(fields => {
    const value = (number: string, kind: string, space: string) =>
      ({
        n: `${space}${number}${space}`,
        list: `[${space}${number},${number}${space},[true,{"e":${number}}]]`,
        text: `"${number}\\\\"`,
        word: 'false',
      })[kind]
    return `{${fields.map(([space, number, kind], i) => `"${i}${number}":${value(number, kind, space)}`).join(',')}}`
  })

/** What is found if every text is looked at closely. */
const found = (text: string) => findLongNumbers(text, 'round')

t.test(
  "ValueScanner: whatever number a double can't hold, and wherever the text is cut, it is noticed",
  async () => {
    const property = fc.property(texts, fc.array(fc.nat(), { maxLength: 4 }), (text, places) => {
      const { roundedNumbers, textNumbers } = found(text)
      if (roundedNumbers + textNumbers === 0) return
      ok(scanText(text, 10).mayHaveLongNumbers, text)
      const scanner = new ValueScanner(10, 'fail', (_problem, _index, message) => {
        throw new Error(message)
      })
      const bytes = Buffer.from(text)
      for (const chunks of [byteByByte(bytes), cutAt(bytes, ...places.map(place => place % bytes.length))]) {
        scanner.begin(bytes[0] as number)
        for (const chunk of chunks) scanner.end(Buffer.from(chunk), 0)
        ok(scanner.mayHaveLongNumbers, text)
      }
    })
    fc.assert(property, { numRuns: 2_000 })
  },
)

t.test('ValueScanner: a lead with times, words and digits in strings is not looked at closely', async t => {
  const text =
    '{"a":1577836800000,"b":true,"c":[false,null,{"e":-1.5}],"1234567890123456789":"1e400 12345678901234567890"}'
  t.notOk(scanText(text, 10).mayHaveLongNumbers)
  t.notOk(scanText(JSON.stringify(JSON.parse(text), null, 8), 10).mayHaveLongNumbers, 'nor with spaces')
})

t.test('decoder, longNumbers: both lanes find the same, wherever the body is cut', async () => {
  const property = fc.property(
    fc.array(texts, { maxLength: 4 }),
    fc.array(fc.nat(), { maxLength: 4 }),
    fc.constantFrom('round', 'text'),
    (elements, places, longNumbers) => {
      const body = Buffer.from(`[${elements.join(',')}]`)
      const chunks = cutAt(body, ...places.map(place => place % body.length))
      const [express, streamJson] = laneNames.map(lane => decodeAll(lane, chunks, { longNumbers }))
      deepStrictEqual(express, streamJson)
      const wanted = elements.map(text => findLongNumbers(text, longNumbers))
      deepStrictEqual(
        express?.elements,
        wanted.map(({ text }) => JSON.parse(text)),
      )
      const sum = (name: 'roundedNumbers' | 'textNumbers') => wanted.reduce((all, one) => all + one[name], 0)
      equal(express?.changes.roundedNumbers, sum('roundedNumbers'))
      equal(express?.changes.textNumbers, sum('textNumbers'))
    },
  )
  fc.assert(property, { numRuns: 500 })
})

t.test('decoder, longNumbers: numbers as elements, and in words that are not JSON', async t => {
  for (const lane of laneNames) {
    const { elements, changes } = decodeAll(lane, [Buffer.from(`[${long[0]},1.0,${tooLarge[0]}]`)], {})
    t.strictSame(elements, [9007199254740992, 1, tooLarge[0]])
    t.match(changes, { roundedNumbers: 1, textNumbers: 1 })
  }
  const { elements } = decodeAll('express', [Buffer.from('[{"a":1.2.3e400}]')], {
    rejected: 'emit',
    longNumbers: 'text',
  })
  t.match(elements, [{ problem: 'malformed', raw: '{"a":1.2.3e400}' }])
})

t.test('decoder, longNumbers: numbers in a line that all outputs get are not counted', async t => {
  const text = `{"a":${long[0]}}`
  for (const [lines, roundedNumbers] of [
    ['all', undefined],
    ['some', 1],
    [undefined, 1],
  ] as const) {
    const decoder = lanes.express({ page: 1, path: [], maxLeadBytes: 100, maxDepth: 10, lines })
    const [element] = [...decoder.write(Buffer.from(`[${text}]`))]
    t.equal(element?.line && Buffer.from(element.line).toString(), lines && text)
    t.equal(element?.changes?.roundedNumbers, roundedNumbers)
  }
  const kept = lanes.express({
    page: 1,
    path: [],
    maxLeadBytes: 100,
    maxDepth: 10,
    lines: 'all',
    longNumbers: 'text',
  })
  t.match([...kept.write(Buffer.from(`[${text}]`))], [{ value: { a: long[0] }, changes: undefined }])
})

t.test('decoder: both lanes count the keys that are repeated in an element, not those deeper', async t => {
  const cases: [text: string, repeated: number][] = [
    ['{"a":1,"b":2,"a":3,"\\u0061":4}', 2],
    ['{"a":{"b":1,"b":2},"c":[{"d":1,"d":2}]}', 0],
    ['{"__proto__":1,"a":":","b":[":"]}', 0],
    ['[{"a":1,"a":2}]', 0],
    ['{}', 0],
  ]
  for (const lane of laneNames) {
    for (const [text, repeated] of cases) {
      const body = Buffer.from(`[{"a":1,"a":2},${text}]`)
      for (const chunks of [[body], byteByByte(body)])
        t.equal(decodeAll(lane, chunks).changes.repeatedKeys, 1 + repeated, `${lane}: ${text}`)
    }
  }
})
