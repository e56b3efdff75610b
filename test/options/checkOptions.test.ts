import { readdirSync } from 'node:fs'
import { devNull } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { OptionContext } from '../../lib/errors/ErrorContexts.ts'
import { describe, LeadpipeError, messageNaming } from '../../lib/errors.ts'
import { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { checkOptions, type OptionRules, optionError } from '../../lib/options/checkOptions.ts'
import { choice, group, integer, number, type OptionRule } from '../../lib/options/optionRule.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'

const rules: OptionRules = {
  owner: 'thing()',
  options: {
    size: integer({ min: 1 }),
    nested: group({ depth: integer({ min: 1, max: 9 }), inner: group({ on: choice('yes', 'no') }) }),
    either: {
      anyOf: [{ enum: ['none'] }, group({ a: integer({ min: 0 }), b: integer({ min: 0 }) }, ['a', 'b'])],
      expected: '{ a, b } or "none"',
    },
    wordless: {
      type: 'object',
      additionalProperties: false,
      properties: { size: { type: 'integer' } },
      expected: 'what it gave before',
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

t.test('checkOptions: an option that is undefined is absent from the result', async t => {
  t.strictSame(checkOptions(undefined, rules), {})
  const { signal } = new AbortController()
  t.strictSame(Object.keys(checkOptions({ size: undefined, signal }, rules)), ['signal'])
})

t.test('checkOptions: an error names the owner, the option, the expected and the received value', async t => {
  t.equal(await message({ size: 0 }), 'thing(): size: expected an integer, 1 or more, received 0')
  t.equal(await message({ size: Number.NaN }), 'thing(): size: expected an integer, 1 or more, received NaN')
  t.equal(await message({ signal: {} }), 'thing(): signal: expected an AbortSignal, received {}')
})

t.test('checkOptions: a nested option is named with its path and its own range', async t => {
  t.equal(
    await message({ nested: { depth: '1' } }),
    "thing(): nested.depth: expected an integer from 1 to 9, received '1'",
  )
  t.equal(
    await message({ nested: { inner: { on: 'maybe' } } }),
    'thing(): nested.inner.on: expected "yes" or "no", received \'maybe\'',
  )
  t.equal(await message({ nested: { inner: 1 } }), 'thing(): nested.inner: expected { on }, received 1')
  t.equal(await message({ nested: 1 }), 'thing(): nested: expected { depth, inner }, received 1')
})

t.test('checkOptions: an unknown nested name is refused with the known names', async t => {
  t.equal(
    await message({ nested: { deep: 1 } }),
    'thing(): unknown option "nested.deep"; expected one of depth, inner',
  )
  t.equal(
    await message({ nested: { inner: { off: 1 } } }),
    'thing(): unknown option "nested.inner.off"; expected one of on',
  )
  t.match(await failureOf(() => checkOptions({ nested: { deep: 1 } }, rules)), {
    context: { owner: 'thing()', option: 'nested.deep' },
  })
})

t.test(
  'checkOptions: of an option with alternatives, the error is that of the alternative that was meant',
  async t => {
    t.equal(
      await message({ either: { a: -1, b: 0 } }),
      'thing(): either.a: expected an integer, 0 or more, received -1',
    )
    t.equal(
      await message({ either: { a: 1 } }),
      'thing(): either.b: expected an integer, 0 or more, received undefined',
    )
    t.equal(
      await message({ either: { a: 1, b: 1, c: 1 } }),
      'thing(): unknown option "either.c"; expected one of a, b',
    )
    t.equal(
      await message({ either: 'all' }),
      'thing(): either: expected { a, b } or "none", received \'all\'',
    )
  },
)

t.test(
  'checkOptions: an error in an option without an expected text is described by the option around it',
  async t => {
    for (const wordless of [{ size: 'a' }, 7]) {
      t.match(await message({ wordless }), /^thing\(\): wordless: expected what it gave before, received /)
    }
  },
)

t.test('checkOptions: a range is described exactly as it is checked', async t => {
  const cases: [rule: OptionRule, wrong: number, expected: string][] = [
    [integer({ min: 0 }), -1, 'an integer, 0 or more'],
    [integer({ min: 1, unit: 'leads' }), 0, 'an integer, 1 or more (leads)'],
    [integer({ min: 1, max: 3 }), 4, 'an integer from 1 to 3'],
    [integer({ min: 1, max: 3, unit: 'bytes' }), 1.5, 'an integer from 1 to 3 (bytes)'],
    [number({ min: 0, max: 0.5 }), 0.51, 'a number from 0 to 0.5'],
    [number({ above: 0, max: 1 }), 0, 'a number more than 0 and at most 1'],
  ]
  for (const [rule, wrong, expected] of cases) {
    const by = { owner: 'f()', options: { n: rule } }
    t.equal(await message({ n: wrong }, by), `f(): n: expected ${expected}, received ${wrong}`)
    const { minimum, maximum = 7 } = rule
    for (const n of [minimum ?? 0.01, maximum]) t.strictSame(checkOptions({ n }, by), { n })
  }
})

t.test('checkOptions: an unknown name is refused with a hint, or with the known names', async t => {
  t.equal(await message({ length: 1 }), 'thing(): unknown option "length"; it is called size')
  t.equal(
    await message({ width: 1 }),
    'thing(): unknown option "width"; expected one of size, nested, either, wordless, signal',
  )
  t.equal(
    await message({ valueOf: 1 }),
    'thing(): unknown option "valueOf"; expected one of size, nested, either, wordless, signal',
  )
})

t.test('checkOptions: anything but a plain object is refused', async t => {
  for (const given of [null, 1, 'a', [], new Map(), new Date(0), () => {}, new URLSearchParams()]) {
    t.match(await message(given), /^thing\(\): options: expected an object, received /)
  }
})

t.test("checkOptions: an instance of a user's class is read like a plain object", async t => {
  class Options {
    size = 3
  }
  t.strictSame(checkOptions(new Options(), rules).size, 3)
})

t.test('checkOptions: a secret is never shown in an error, whatever was received', async t => {
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
  t.equal(
    await message('s3cret', keyRules),
    'door(): options: expected an object, received a value of type string',
  )
  t.equal(
    await message(['s3cret'], keyRules),
    'door(): options: expected an object, received a value of type object',
  )
})

t.test('describe: a description has at most 120 characters', async t => {
  t.equal(describe('a'), "'a'")
  t.equal(describe({ a: { b: { c: 1 } } }), '{ a: { b: [Object] } }')
  t.ok(describe(Array.from({ length: 1_000 }, () => 'long')).length <= 121)
  t.ok(describe('x'.repeat(1_000)).length <= 121)
  t.equal(describe(null), 'null')
})

t.test('optionError: the context holds the owner and the option', async t => {
  const cases: [facts: OptionContext, message: string][] = [
    [{ owner: 'a()', option: 'b.c', expected: 'd', received: '1' }, 'a(): b.c: expected d, received 1'],
    [{ owner: 'A', expected: 'd', received: 'none' }, 'A: expected d, received none'],
    [{ owner: 'A.b()', option: 'c', expected: 'd' }, 'A.b(): c: expected d'],
    [
      { owner: 'a()', option: 'b', expected: 'none', with: { option: 'c', value: 'd' }, received: '1' },
      "a(): b: expected none with c 'd', received 1",
    ],
    [
      { owner: 'a()', option: 'b', expected: 'd', with: { option: 'c' }, received: '1', remedy: 'omit c' },
      'a(): b: expected d with c, received 1; omit c',
    ],
    [
      { owner: 'a()', option: 'b', expected: 'd', remedy: { owner: 'e()', option: 'f', to: '2 or more' } },
      'a(): b: expected d; set f to 2 or more',
    ],
    [
      { owner: 'a()', option: 'b', unknown: true, expected: 'one of c, d' },
      'a(): unknown option "b"; expected one of c, d',
    ],
  ]
  for (const [facts, message] of cases) {
    const error = optionError(facts)
    t.match(error, { code: 'OPTION', message })
    t.strictSame(error.context, facts, message)
    t.notOk('cause' in error)
  }
  const undefinedParts = optionError({ owner: 'a()', option: undefined, expected: 'd', remedy: undefined })
  t.strictSame(undefinedParts.context, { owner: 'a()', expected: 'd' })
})

t.test('the options of a message can be named otherwise, by its facts alone', async t => {
  const flagOf = (owner: string, option = '') => (owner === 'other()' ? undefined : `--${option}`)
  const remedy = { owner: 'a()', option: 'd', to: '2' }
  const facts = { owner: 'a()', option: 'b', expected: 'none', with: { option: 'c', value: 1 }, remedy }
  t.equal(messageNaming(optionError(facts), flagOf), '--b: expected none with --c 1; set --d to 2')
  t.equal(
    messageNaming(optionError({ ...facts, owner: 'other()', with: { owner: 'a()', option: 'c' } }), flagOf),
    'other(): b: expected none with --c; set --d to 2',
  )
  const finished = new LeadpipeError('CHECKPOINT', 'it has finished', { context: { path: 'x', remedy } })
  t.equal(finished.message, 'it has finished; set d to 2')
  t.equal(messageNaming(finished, flagOf), 'it has finished; set --d to 2')
})

t.test('every OPTION error has the owner and the option in its context', async t => {
  const dir = t.testdir()
  const accessToken = 'T'
  const client = new HubSpotClient({ accessToken })
  const url = 'https://receiver.example'
  const errors: [failing: () => unknown, context: object][] = [
    [() => new HubSpotClient({}), { owner: 'HubSpotClient', option: 'accessToken' }],
    [() => new HubSpotClient({ accessToken, origin: 'x' }), { owner: 'HubSpotClient', option: 'origin' }],
    [
      () => new HubSpotClient({ accessToken, concurrency: 0 }),
      { owner: 'HubSpotClient', option: 'concurrency' },
    ],
    [
      () => new HubSpotClient({ accessToken, retry: { retries: -1 } }),
      { owner: 'HubSpotClient', option: 'retry.retries' },
    ],
    [() => leads(client, { startTime: 2, stopTime: 1 }), { owner: 'leads()', option: 'stopTime' }],
    [() => leads(client, { startTime: new Date(Number.NaN) }), { owner: 'leads()', option: 'startTime' }],
    [() => toHttp('receiver'), { owner: 'toHttp()', option: 'url' }],
    [() => toHttp(url, { headers: { a: '' } }), { owner: 'toHttp()', option: 'headers' }],
    [() => toHttp(url, { onRefused: 'dead-letter' }), { owner: 'toHttp()', option: 'deadLetter' }],
    [() => toFile('leads'), { owner: 'toFile()', option: 'path' }],
    [
      () =>
        run(leads(client), toFile(devNull, { format: 'json' }), { checkpoint: join(dir, 'a.checkpoint') }),
      { owner: 'toFile()', option: 'path' },
    ],
    [
      () => run([1], toFile(join(dir, 'a.json')), { checkpoint: join(dir, 'a.checkpoint') }),
      { owner: 'run()', option: 'source' },
    ],
    [
      () =>
        run(leads(client, { paging: 'offset' }), toFile(join(dir, 'a.json')), {
          checkpoint: { path: join(dir, 'a.checkpoint'), whenFinished: 'next' },
        }),
      { owner: 'leads()', option: 'paging' },
    ],
  ]
  for (const [failing, context] of errors) {
    const error = (await failureOf(failing)) as LeadpipeError
    t.equal(error.code, 'OPTION')
    t.match(error.context, context, error.message)
  }
  t.strictSame(readdirSync(dir), [])
})
