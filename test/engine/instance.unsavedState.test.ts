import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explode, explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { project } from '../../lib/operators/project.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { chainOf } from './chainOf.ts'

/** Why these operators cannot run with a checkpoint; undefined if they can. */
const unsavedStateOf = (operators: Operator<never, unknown>) => chainOf(operators).chain.unsavedState

const step = () => {}
const save = () => 1
const restore = () => {}
const dedupe = (methods: object, more: object = {}) =>
  operator<unknown>({ name: 'dedupe', create: () => ({ step, ...methods }), ...more })

t.test(
  'unsavedState: an operator without state, or with save and restore, can run with a checkpoint',
  async t => {
    for (const [what, fine] of Object.entries<Operator<never, unknown>>({
      'an operator from a function': operator('mine', step),
      'a stateless operator': dedupe({}, { stateless: true }),
      'a stateless operator with a flush': dedupe({ flush: step }, { stateless: true }),
      'an operator with save and restore': dedupe({ save, restore }),
      'several of these': compose(
        operator<unknown>('mine', step),
        dedupe({ save, restore }),
        map(value => value),
      ),
    })) {
      t.equal(unsavedStateOf(fine), undefined, what)
    }
  },
)

t.test('unsavedState: save and restore may be methods of a class', async t => {
  class Held {
    step() {}
    save() {
      return 1
    }
    restore() {}
  }
  t.equal(unsavedStateOf(operator({ name: 'held', create: () => new Held() })), undefined)
})

t.test(
  'unsavedState: an operator that may hold state and cannot save it is named, with what is missing',
  async t => {
    for (const [unfit, missing] of [
      [dedupe({}), 'save and restore'],
      [dedupe({ save }), 'restore'],
      [dedupe({ restore }), 'save'],
      [operator<unknown>('dedupe', step, step), 'save and restore'],
      [
        compose(
          map(value => value),
          dedupe({ save }),
          dedupe({}),
        ),
        'restore',
      ],
    ] as const) {
      t.strictSame(unsavedStateOf(unfit), { operator: 'dedupe', missing })
    }
  },
)

t.test('unsavedState: the instance that is checked is the one that is used', async t => {
  let made = 0
  const { chain } = chainOf(
    operator<unknown>({
      name: 'counted',
      create() {
        made += 1
        return { step, save, restore }
      },
    }),
  )
  t.equal(chain.unsavedState, undefined)
  chain.restore(chain.save())
  t.equal(chain.unsavedState, undefined)
  await chain.receive(1)
  await chain.flush()
  t.equal(made, 1)
})

t.test('Chain: a create that throws is an OPERATOR error when the chain is created', async t => {
  const failing = operator<unknown>({
    name: 'failing',
    create() {
      throw new Error('no')
    },
  })
  t.throws(() => chainOf(failing), { code: 'OPERATOR', message: 'failing: no' })
})

t.test('definition.options are what each operator was created with', async t => {
  for (const [made, options] of [
    [filter(() => true), undefined],
    [map(value => value), undefined],
    [peek(() => {}), undefined],
    [operator('mine', step), undefined],
    [dedupe({}, { options: { by: 'guid' } }), { by: 'guid' }],
    [take(3), { count: 3 }],
    [project<unknown, string>(['a', 'b.c']), { paths: ['a', 'b.c'] }],
    [
      project<unknown, { x: 'a'; y: () => number }>({ x: 'a', y: () => 1 }),
      {
        mapping: [
          ['x', 'a'],
          ['y', { function: true }],
        ],
      },
    ],
    [explode<unknown, 'a.b'>('a.b'), { path: 'a.b', as: 'b', keepEmpty: false }],
    [
      explode<unknown, 'a', 'x', true>('a', { as: 'x', keepEmpty: true }),
      { path: 'a', as: 'x', keepEmpty: true },
    ],
    [explodeEvents(), { path: 'leadConversionEvents', as: 'conversionEvent', keepEmpty: false }],
    [
      explodeFormValues(),
      { path: 'conversionEvent.formSubmissionValues', as: 'formValue', keepEmpty: false },
    ],
    [validate(), { onInvalid: 'fail', schema: 'lead' }],
    [validate({ onInvalid: 'skip', maxInvalid: 3 }), { onInvalid: 'skip', schema: 'lead', maxInvalid: 3 }],
    [
      validate({ onInvalid: 'quarantine', quarantine: 'bad.ndjson' }),
      { onInvalid: 'quarantine', schema: 'lead', quarantine: 'bad.ndjson' },
    ],
    [
      validate({ onInvalid: 'quarantine', quarantine: toArray({ max: 1 }) }),
      { onInvalid: 'quarantine', schema: 'lead', quarantine: true },
    ],
  ] as [Operator<never, unknown>, unknown][]) {
    const [definition] = made[recipe]
    t.strictSame((definition as { options?: unknown }).options, options, definition?.name ?? '')
  }
})

t.test('definition.functions are the functions of each operator, for a checkpoint to compare', async t => {
  const is = () => true
  const flush = () => {}
  const create = () => ({ step, save, restore })
  const stream = () => new PassThrough()
  for (const [made, functions] of [
    [filter(is), [is]],
    [map(is), [is]],
    [peek(is), [is]],
    [operator('mine', step), [step]],
    [operator('mine', step, flush), [step, flush]],
    [operator({ name: 'mine', create }), [create]],
    [transform(stream), [stream]],
    [project<unknown, { x: 'a'; y: () => boolean }>({ x: 'a', y: is }), [is]],
    [take(3), undefined],
    [explode<unknown, 'a'>('a'), undefined],
    [validate(), undefined],
  ] as [Operator<never, unknown>, unknown][]) {
    const [definition] = made[recipe]
    t.strictSame(definition?.functions, functions, definition?.name ?? '')
  }
})

t.test('validate: schemas are compared by a digest of their content, even if they are not JSON', async t => {
  const ajv = { compile: () => () => true }
  const digest = (schema: object) => {
    const [definition] = validate({ schema, ajv })[recipe]
    const { options } = definition as { options: { schema: string } }
    t.strictSame(options, { onInvalid: 'fail', schema: options.schema, ajv: true })
    return options.schema
  }
  const circular: Record<string, unknown> = {}
  circular.again = circular
  t.equal(digest({ type: 'object' }), digest({ type: 'object' }))
  t.not(digest({ type: 'object' }), digest({ type: 'array' }))
  t.match(digest(circular), /^[0-9a-f]{16}$/)
  t.match(digest({ toJSON: () => undefined }), /^[0-9a-f]{16}$/)

  // For a user's compiler, a schema may hold more than JSON: two such schemas must not count as equal.
  const others: object[] = [
    { ...circular, type: 'object' },
    { check: (value: number) => value > 1 },
    { check: (value: number) => value > 2 },
    { toJSON: () => undefined, type: 'object' },
    { least: 1n },
    { least: 2n },
    { pattern: /a/ },
    { pattern: /b/ },
    { names: new Set(['a']) },
    { names: new Set(['b']) },
    {},
  ]
  const digests = [circular, { toJSON: () => undefined }, ...others].map(digest)
  t.equal(new Set(digests).size, digests.length)
  const names = new Set<unknown>()
  names.add(names)
  t.match(digest({ names }), /^[0-9a-f]{16}$/)
  const shared = { type: 'string' }
  t.equal(digest({ a: shared, b: shared }), digest({ a: { type: 'string' }, b: { type: 'string' } }))
})
