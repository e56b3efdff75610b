import { readFileSync } from 'node:fs'
import t from 'tap'
import * as v from 'valibot'
import { z } from 'zod'
import type { StandardSchema } from '../../lib/index.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { source } from '../../lib/sources/source.ts'
import { failureOf } from '../support/failureOf.ts'
import { settings } from '../support/settings.ts'
import { runWithRestarts } from './runWithRestarts.ts'

/** A schema without a library, and a function, as those of ArkType are. */
const own: StandardSchema<{ guid: string; email: string }> = Object.assign(() => {}, {
  '~standard': {
    version: 1 as const,
    vendor: 'own',
    validate(value: unknown) {
      const { email, ...rest } = value as { guid: string; email: unknown }
      return typeof email === 'string' && email.includes('@')
        ? { value: { ...rest, email: email.toLowerCase() } }
        : { issues: [{ message: `Not an address: ${email}`, path: ['email'] }] }
    },
  },
})
const later = <T>(schema: StandardSchema<T>): StandardSchema<T> => ({
  '~standard': { ...schema['~standard'], validate: async value => schema['~standard'].validate(value) },
})
const zod = z.object({ guid: z.string(), email: z.email().toLowerCase() })
const valibot = v.object({ guid: v.string(), email: v.pipe(v.string(), v.email(), v.toLowerCase()) })

const schemas: Record<string, { schema: StandardSchema; rule: string }> = {
  zod: { schema: zod, rule: 'invalid_format' },
  'zod, asynchronous': { schema: zod.refine(async () => true), rule: 'invalid_format' },
  valibot: { schema: valibot, rule: 'email' },
  'valibot, asynchronous': {
    schema: v.pipeAsync(
      valibot,
      v.checkAsync(async () => true),
    ),
    rule: 'email',
  },
  'a function': { schema: own, rule: 'schema' },
  'its own, asynchronous': { schema: later(own), rule: 'schema' },
}

const secret = 'Ada Lovelace'
const values = [
  { guid: 'a', email: 'A@x.example' },
  { guid: 'b', email: secret },
  { guid: 'c', email: 'c@x.example' },
]
const valid = [
  { guid: 'a', email: 'a@x.example' },
  { guid: 'c', email: 'c@x.example' },
]

for (const [name, { schema, rule }] of Object.entries(schemas)) {
  for (const [setting, through] of Object.entries(settings)) {
    t.test(
      `validate, a Standard Schema (${name}), ${setting}: emits what the schema makes of valid values`,
      async t => {
        t.strictSame(await through(values, () => validate({ schema, onInvalid: 'skip' })), valid)
        t.strictSame(await through([], () => validate({ schema })), [])
      },
    )
  }

  t.test(
    `validate, a Standard Schema (${name}): an error has the place and the rule, but not the data`,
    async t => {
      const failure = await failureOf(run(values, validate({ schema }), toArray({ max: 9 })))
      t.match(failure, {
        code: 'INVALID_LEAD',
        problem: `lead b: /email does not match the schema${rule === 'schema' ? '' : ` (${rule})`}`,
        context: { guid: 'b', path: '/email', rule },
      })
      t.notMatch(
        JSON.stringify([failure, (failure as Error).message, String((failure as Error).cause)]),
        secret,
      )
    },
  )

  t.test(`validate, a Standard Schema (${name}): the quarantine has the value as it came`, async t => {
    const quarantine = `${t.testdir()}/rejected.ndjson`
    const report = await run(
      values,
      validate({ schema, onInvalid: 'quarantine', quarantine }),
      toArray({ max: 9 }),
    )
    t.match(report, { records: 2, quarantined: 1, operators: [{ own: { valid: 2, quarantined: 1 } }] })
    const { raw, errors } = JSON.parse(readFileSync(quarantine, 'utf8'))
    t.equal(raw, JSON.stringify(values[1]))
    t.match(errors, [{ path: '/email', rule }])
    t.notMatch(JSON.stringify(errors), secret)
  })

  t.test(`validate, a Standard Schema (${name}): a restart after any value changes nothing`, async t => {
    const make = () => validate({ schema, onInvalid: 'skip' })
    const undisturbed = await runWithRestarts([], values, make)
    t.strictSame(undisturbed.out, valid)
    for (const cut of [0, 1, 2, 3]) t.strictSame(await runWithRestarts([cut], values, make), undisturbed)
  })
}

t.test('validate, a Standard Schema: places in arrays, and names with slashes', async t => {
  const schema = z.object({ 'a/b': z.array(z.object({ n: z.number() })) })
  const failure = await failureOf(
    run([{ 'a/b': [{ n: 1 }, { n: 'x' }] }], validate({ schema }), toArray({ max: 9 })),
  )
  t.match(failure, { context: { path: '/a~1b/1/n' } })
})

t.test(
  'validate, a Standard Schema: what the schema throws is an OPERATOR error, at once or later',
  async t => {
    const boom = new Error('boom')
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate() {
          throw boom
        },
      },
    }
    for (const throwing of [schema, later(schema)]) {
      const failure = await failureOf(
        run(values, validate({ schema: throwing, onInvalid: 'skip' }), toArray({ max: 9 })),
      )
      t.match(failure, { code: 'OPERATOR', problem: 'validate, lead a: boom', cause: boom })
    }
  },
)

t.test('validate, a Standard Schema: it can run with a checkpoint, which names its vendor', async t => {
  const folder = t.testdir()
  await run(
    source('values', async function* () {
      yield { position: 1, records: [values[0]] }
    }),
    validate({ schema: zod }),
    toFile(`${folder}/out.ndjson`),
    { checkpoint: `${folder}/checkpoint.json` },
  )
  t.match(readFileSync(`${folder}/checkpoint.json`, 'utf8'), '"schema":{"standard":"zod"}')
})

t.test('validate, a Standard Schema: options of Ajv and of the lead are OPTION errors', t => {
  for (const options of [
    { schema: zod, ajv: { compile: () => {} } },
    { schema: zod, nullFields: 'keep' },
    { schema: () => {} },
  ])
    t.throws(() => validate(options as never), { code: 'OPTION', context: { owner: 'validate()' } })
  t.end()
})
