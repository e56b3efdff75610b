import t from 'tap'
import { checkOptions, describe, type OptionRules, optionError } from '../../lib/model/checkOptions.ts'
import { failureOf } from '../support/failureOf.ts'

const rules: OptionRules = {
  owner: 'thing()',
  options: {
    size: { type: 'integer', minimum: 1, expected: 'an integer, 1 or more' },
    nested: {
      type: 'object',
      additionalProperties: false,
      properties: { depth: { type: 'integer' } },
      expected: '{ depth }',
    },
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
  },
  elsewhere: { length: 'it is called size' },
}
const keyRules: OptionRules = {
  owner: 'door()',
  options: { key: { type: 'string', minLength: 3, secret: true, expected: 'a key' } },
}

const message = async (given: unknown, by = rules) => {
  const error = await failureOf(() => checkOptions(given as object, by))
  t.match(error, { name: 'LeadpipeError', code: 'OPTION', retryable: false })
  return (error as Error).message
}

t.test('what is undefined counts as absent, and is absent from what is returned', async t => {
  t.strictSame(checkOptions(undefined, rules), {})
  const { signal } = new AbortController()
  t.strictSame(Object.keys(checkOptions({ size: undefined, signal }, rules)), ['signal'])
})

t.test('an error names owner, option, expectation and what was received', async t => {
  t.equal(await message({ size: 0 }), 'thing(): size: expected an integer, 1 or more, received 0')
  t.equal(await message({ size: Number.NaN }), 'thing(): size: expected an integer, 1 or more, received NaN')
  t.equal(await message({ signal: {} }), 'thing(): signal: expected an AbortSignal, received {}')
})

t.test('a wrong or unknown name inside an option shows the option whole', async t => {
  t.equal(await message({ nested: { deep: 1 } }), 'thing(): nested: expected { depth }, received { deep: 1 }')
  t.equal(
    await message({ nested: { depth: '1' } }),
    "thing(): nested: expected { depth }, received { depth: '1' }",
  )
})

t.test('an unknown name is refused with where it belongs, or with the known names', async t => {
  t.equal(await message({ length: 1 }), 'thing(): unknown option "length"; it is called size')
  t.equal(await message({ width: 1 }), 'thing(): unknown option "width"; it has: size, nested, signal')
  t.equal(await message({ valueOf: 1 }), 'thing(): unknown option "valueOf"; it has: size, nested, signal')
})

t.test('what is no plain object is refused', async t => {
  for (const given of [null, 1, 'a', [], new Map(), new Date(0), () => {}, new URLSearchParams()]) {
    t.match(await message(given), /^thing\(\): expected an object, received /)
  }
})

t.test("an object of a class of the user's is read like any other", async t => {
  class Options {
    size = 3
  }
  t.strictSame(checkOptions(new Options(), rules).size, 3)
})

t.test('a secret is never shown, whatever stands in its place', async t => {
  t.equal(
    await message({ key: 's3' }, keyRules),
    'door(): key: expected a key, received a value of type string',
  )
  t.equal(
    await message({ key: 7_777_777 }, keyRules),
    'door(): key: expected a key, received a value of type number',
  )
  t.equal(
    await message({ key: ['s3cret'] }, keyRules),
    'door(): key: expected a key, received a value of type object',
  )
  t.equal(await message('s3cret', keyRules), 'door(): expected an object, received a value of type string')
  t.equal(await message(['s3cret'], keyRules), 'door(): expected an object, received a value of type object')
})

t.test('a value is described in at most 120 characters', async t => {
  t.equal(describe('a'), "'a'")
  t.equal(describe({ a: { b: { c: 1 } } }), '{ a: { b: [Object] } }')
  t.ok(describe(Array.from({ length: 1_000 }, () => 'long')).length <= 121)
  t.ok(describe('x'.repeat(1_000)).length <= 121)
  t.equal(describe(null), 'null')
})

t.test('an option error keeps the option for programs', async t => {
  t.match(optionError('a: b', 'expected c', 1), {
    message: 'a: b: expected c, received 1',
    context: { option: 'a: b' },
  })
})
