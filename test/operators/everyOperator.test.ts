import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import type { Operator } from '../../lib/index.ts'
import { batch } from '../../lib/operators/batch.ts'
import { coerce } from '../../lib/operators/coerce.ts'
import { compose } from '../../lib/operators/compose.ts'
import { dedupe } from '../../lib/operators/dedupe.ts'
import { explode, explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { flatMap } from '../../lib/operators/flatMap.ts'
import { flatten } from '../../lib/operators/flatten.ts'
import { map } from '../../lib/operators/map.ts'
import { mask } from '../../lib/operators/mask.ts'
import { omit } from '../../lib/operators/omit.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { pivotFormValues } from '../../lib/operators/pivotFormValues.ts'
import { project } from '../../lib/operators/project.ts'
import { rename } from '../../lib/operators/rename.ts'
import { sample } from '../../lib/operators/sample.ts'
import { skip } from '../../lib/operators/skip.ts'
import { summarize } from '../../lib/operators/summarize.ts'
import { take } from '../../lib/operators/take.ts'
import { unknownFields } from '../../lib/operators/unknownFields.ts'
import { validate } from '../../lib/operators/validate.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { chainOfDefinitions } from '../engine/chainOf.ts'
import { aLead, someLeads } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { settings } from '../support/settings.ts'
import { runWithRestarts } from './runWithRestarts.ts'

interface Numbered {
  guid: string
  n: number
}

const numbered = (count: number): Numbered[] =>
  Array.from({ length: count }, (_, n) => ({ guid: `lead-${n}`, n }))

/** Every operator, with values and what it emits for them. */
const cases: Record<
  string,
  { make: () => Operator<never, unknown>; given: Iterable<unknown>; expected: readonly unknown[] }
> = {
  filter: {
    make: () => filter((value: Numbered) => value.n % 2 === 1),
    given: numbered(40),
    expected: numbered(40).filter(value => value.n % 2 === 1),
  },
  'filter, asynchronous': {
    make: () => filter(async (value: Numbered) => value.n % 2 === 1),
    given: numbered(40),
    expected: numbered(40).filter(value => value.n % 2 === 1),
  },
  map: {
    make: () => map((value: Numbered) => value.n * 2),
    given: numbered(40),
    expected: numbered(40).map(value => value.n * 2),
  },
  'map, asynchronous': {
    make: () => map(async (value: Numbered) => value.n * 2),
    given: numbered(40),
    expected: numbered(40).map(value => value.n * 2),
  },
  'map, several calls at a time': {
    make: () => map(async (value: Numbered) => value.n * 2, { concurrency: 3 }),
    given: numbered(40),
    expected: numbered(40).map(value => value.n * 2),
  },
  'map, several calls at a time, some synchronous': {
    make: () =>
      map((value: Numbered) => (value.n % 3 === 0 ? value.n : Promise.resolve(value.n)), { concurrency: 3 }),
    given: numbered(40),
    expected: numbered(40).map(value => value.n),
  },
  peek: { make: () => peek(() => 'ignored'), given: numbered(40), expected: numbered(40) },
  project: {
    make: () => project<Numbered, { id: 'guid' }>({ id: 'guid' }),
    given: numbered(3),
    expected: [{ id: 'lead-0' }, { id: 'lead-1' }, { id: 'lead-2' }],
  },
  explode: {
    make: () => explode<{ tags: string[] }, 'tags', 'tag'>('tags', { as: 'tag' }),
    given: [{ tags: ['a', 'b'] }, { tags: [] }, { n: 1, tags: ['c'] }],
    expected: [{ tag: 'a' }, { tag: 'b' }, { n: 1, tag: 'c' }],
  },
  explodeEvents: {
    make: () => explodeEvents(),
    given: [{ guid: 'l', leadConversionEvents: [{ guid: 'e' }, { guid: 'f' }] }],
    expected: [
      { guid: 'l', conversionEvent: { guid: 'e' } },
      { guid: 'l', conversionEvent: { guid: 'f' } },
    ],
  },
  explodeFormValues: {
    make: () => explodeFormValues(),
    given: [{ guid: 'l', conversionEvent: { guid: 'e', formSubmissionValues: [{ id: 1 }, { id: 2 }] } }],
    expected: [
      { guid: 'l', conversionEvent: { guid: 'e' }, formValue: { id: 1 } },
      { guid: 'l', conversionEvent: { guid: 'e' }, formValue: { id: 2 } },
    ],
  },
  take: { make: () => take(7), given: numbered(40), expected: numbered(7) },
  validate: {
    make: () => validate({ onInvalid: 'skip' }),
    given: [aLead(0, 1), { no: 'guid' }, aLead(1)],
    expected: [aLead(0, 1), aLead(1)],
  },
  skip: { make: () => skip(7), given: numbered(10), expected: numbered(10).slice(7) },
  'sample of every fourth value': {
    make: () => sample({ every: 4 }),
    given: numbered(10),
    expected: numbered(10).filter(({ n }) => n % 4 === 0),
  },
  'sample of a share': {
    make: () => sample({ share: 0.5, seed: 2011 }),
    given: numbered(16),
    expected: [2, 3, 7, 11, 12, 13, 14, 15].map(n => numbered(16)[n]),
  },
  flatMap: {
    make: () => flatMap((value: Numbered) => Array(value.n).fill(value.n)),
    given: numbered(4),
    expected: [1, 2, 2, 3, 3, 3],
  },
  'flatMap, a generator': {
    make: () =>
      flatMap(function* (value: Numbered) {
        for (let n = 0; n < value.n; n += 1) yield n
      }),
    given: numbered(4),
    expected: [0, 0, 1, 0, 1, 2],
  },
  'flatMap, asynchronous': {
    make: () =>
      flatMap(async function* (value: Numbered) {
        for (let n = 0; n < value.n; n += 1) yield n
      }),
    given: numbered(4),
    expected: [0, 0, 1, 0, 1, 2],
  },
  'flatMap, a promise': {
    make: () => flatMap(async (value: Numbered) => [value.n, value.n]),
    given: numbered(3),
    expected: [0, 0, 1, 1, 2, 2],
  },
  batch: {
    make: () => batch({ count: 3 }),
    given: numbered(7),
    expected: [numbered(3), numbered(6).slice(3), numbered(7).slice(6)],
  },
  'batch, limited in bytes': {
    make: () => batch({ count: 3, bytes: 8 }),
    given: ['a', 'bb', 'ccc', 'too long for any', 'd', 'e', 'f', 'g'],
    expected: [['a', 'bb'], ['ccc'], ['too long for any'], ['d', 'e'], ['f', 'g']],
  },
  'dedupe, exact': {
    make: () => dedupe<{ k?: string }>('k', { exact: true }),
    given: [{ k: 'a' }, { k: 'b' }, {}, { k: 'a' }, { k: 'c' }, {}],
    expected: [{ k: 'a' }, { k: 'b' }, {}, { k: 'c' }, {}],
  },
  'dedupe among the last keys': {
    make: () => dedupe((value: { k: string }) => value.k, { last: 2 }),
    given: [{ k: 'a' }, { k: 'b' }, { k: 'a' }, { k: 'c' }, { k: 'b' }],
    expected: [{ k: 'a' }, { k: 'b' }, { k: 'c' }, { k: 'b' }],
  },
  coerce: {
    make: () => coerce<unknown, Record<string, 'iso'>>({ at: 'iso' }, { onInvalid: 'skip' }),
    given: [{ at: 0 }, { at: 'x' }, {}, { at: null }],
    expected: [{ at: '1970-01-01T00:00:00.000Z' }, {}, { at: null }],
  },
  mask: {
    make: () => mask<unknown, 'redact'>({ how: 'redact' }),
    given: [{ guid: 'a', email: 'a@example.com', phone: null }, {}, 'text'],
    expected: [{ guid: 'a', email: 'REDACTED', phone: null }, {}, 'text'],
  },
  pivotFormValues: {
    make: () => pivotFormValues(),
    given: [
      { conversionEvent: { guid: 'e', formSubmissionValues: [{ fieldName: 'a', fieldValue: '1' }] } },
      { conversionEvent: { guid: 'f' } },
      { values: [{ name: 'b', value: '2' }] },
    ],
    expected: [
      { conversionEvent: { guid: 'e' }, formValues: { a: '1' } },
      { conversionEvent: { guid: 'f' }, formValues: {} },
      { formValues: { b: '2' } },
    ],
  },
  summarize: {
    make: () =>
      summarize({
        by: { odd: (value: Numbered) => value.n % 2 === 1 },
        sum: { total: 'n' },
        min: { first: 'guid' },
        max: { most: 'n' },
      }),
    given: numbered(5),
    expected: [
      { odd: false, count: 3, total: 6, first: 'lead-0', most: 4 },
      { odd: true, count: 2, total: 4, first: 'lead-1', most: 3 },
    ],
  },
  unknownFields: {
    make: () => unknownFields(),
    given: [{ guid: 'a', x: 1 }, { guid: 'b', x: 'again', crmDetails: { y: null } }, {}, 'text'],
    expected: [
      { path: 'x', type: 'number', example: '/x', guid: 'a' },
      { path: 'crmDetails.y', type: 'null', example: '/crmDetails/y', guid: 'b' },
    ],
  },
  omit: {
    make: () => omit<unknown, string>('email', 'crm.status', 'events.*.values'),
    given: [
      { guid: 'a', email: 'e', crm: { status: 'Open', n: 1 }, events: [{ values: [1], n: 2 }, { n: 3 }] },
      { guid: 'b', crm: null, events: '' },
    ],
    expected: [
      { guid: 'a', crm: { n: 1 }, events: [{ n: 2 }, { n: 3 }] },
      { guid: 'b', crm: null, events: '' },
    ],
  },
  rename: {
    make: () => rename<unknown, Record<string, string>>({ id: 'guid', status: 'crm.status' }),
    given: [{ guid: 'a', crm: { status: 'Open', n: 1 }, n: 2 }, { guid: 'b', crm: null }, {}],
    expected: [{ id: 'a', crm: { n: 1 }, n: 2, status: 'Open' }, { id: 'b', crm: null }, {}],
  },
  flatten: {
    make: () => flatten({ arrays: 'join' }),
    given: [
      { guid: 'a', crm: { status: 'Open', more: { n: 1 } }, tags: ['x', 'y'] },
      { guid: 'b', crm: null },
    ],
    expected: [
      { guid: 'a', 'crm.status': 'Open', 'crm.more.n': 1, tags: 'x;y' },
      { guid: 'b', crm: null },
    ],
  },
  operator: {
    make: () =>
      operator<Numbered, number>('twice', (value, emit) => {
        emit(value.n)
        emit(-value.n)
      }),
    given: numbered(3).slice(1),
    expected: [1, -1, 2, -2],
  },
  'operator with state and flush': {
    make: () =>
      operator<Numbered, number[]>({
        name: 'inPairs',
        create() {
          let held: number[] = []
          return {
            step({ n }, emit) {
              held.push(n)
              if (held.length < 2) return
              emit(held)
              held = []
            },
            flush(emit) {
              if (held.length > 0) emit(held)
            },
            save: () => held,
            restore(state) {
              held = state as number[]
            },
          }
        },
      }),
    given: numbered(5),
    expected: [[0, 1], [2, 3], [4]],
  },
  compose: {
    make: () =>
      compose(
        filter((value: Numbered) => value.n > 1),
        map(value => value.n),
      ),
    given: numbered(4),
    expected: [2, 3],
  },
}

for (const [name, { make, given }] of Object.entries(cases)) {
  t.test(
    `${name}: a restart after any value, or after every value, changes neither output nor counts`,
    async t => {
      const values = [...given]
      const undisturbed = await runWithRestarts([], values, make)
      for (let cut = 0; cut <= values.length; cut += 1) {
        t.strictSame(await runWithRestarts([cut], values, make), undisturbed, `after ${cut}`)
      }
      t.strictSame(await runWithRestarts([...values.keys()], values, make), undisturbed)
    },
  )

  t.test(`${name} can run with a checkpoint, and its options are plain JSON`, t => {
    const definitions = make()[recipe]
    t.equal(chainOfDefinitions(definitions).chain.unsavedState, undefined)
    for (const definition of definitions) {
      if (!('create' in definition) || definition.options === undefined) continue
      t.strictSame(JSON.parse(JSON.stringify(definition.options)), definition.options)
    }
    t.end()
  })
}

for (const [setting, through] of Object.entries(settings)) {
  t.test(`every operator, ${setting}`, async t => {
    for (const [name, { make, given, expected }] of Object.entries(cases)) {
      t.test(`${name}, ${setting}, emits the expected values in order`, async t => {
        t.strictSame(await through(given, make), expected)
      })
      t.test(`${name}, ${setting}, emits the same in a second run`, async t => {
        const operator = make()
        // A stream of a plain pipeline is used once.
        const again = setting === 'alone in a plain pipeline' ? make : () => operator
        await through(given, again)
        t.strictSame(await through(given, again), expected)
      })
      t.test(`${name}, ${setting}, emits nothing for an empty source`, async t => {
        t.strictSame(await through([], make), [])
      })
    }

    const boom = new Error('boom')
    /** Operators whose callback fails for the third value, in every way that a callback can fail. */
    const failing: Record<string, () => Operator<never, unknown>> = {
      'filter that throws': () =>
        filter((value: Numbered) => {
          if (value.n === 2) throw boom
          return true
        }),
      'filter that rejects': () =>
        filter(async (value: Numbered) => {
          if (value.n === 2) throw boom
          return true
        }),
      'map that throws': () =>
        map((value: Numbered) => {
          if (value.n === 2) throw boom
          return value
        }),
      'map that rejects': () =>
        map((value: Numbered) => (value.n === 2 ? Promise.reject(boom) : Promise.resolve(value))),
      'map that rejects, several calls at a time': () =>
        map((value: Numbered) => (value.n === 2 ? Promise.reject(boom) : Promise.resolve(value)), {
          concurrency: 4,
        }),
      'peek that throws': () =>
        peek((value: Numbered) => {
          if (value.n === 2) throw boom
        }),
      'peek that rejects': () =>
        peek((value: Numbered) => (value.n === 2 ? Promise.reject(boom) : undefined)),
      'dedupe whose key throws': () =>
        dedupe(
          (value: Numbered) => {
            if (value.n === 2) throw boom
            return value.n
          },
          { last: 3 },
        ),
      'flatMap that throws': () =>
        flatMap((value: Numbered) => {
          if (value.n === 2) throw boom
          return [value]
        }),
      'flatMap that rejects': () =>
        flatMap((value: Numbered) => (value.n === 2 ? Promise.reject(boom) : Promise.resolve([value]))),
      'flatMap whose generator throws': () =>
        flatMap(function* (value: Numbered) {
          yield value
          if (value.n === 2) throw boom
        }),
      'flatMap whose asynchronous generator throws': () =>
        flatMap(async function* (value: Numbered) {
          yield value
          if (value.n === 2) throw boom
        }),
      'summarize whose key throws': () =>
        summarize({
          by: {
            n: (value: Numbered) => {
              if (value.n === 2) throw boom
              return value.n
            },
          },
        }),
      'project whose function throws': () =>
        project({
          n: (value: Numbered) => {
            if (value.n === 2) throw boom
            return value.n
          },
        }),
      'operator that throws': () =>
        operator<Numbered>('operator', value => {
          if (value.n === 2) throw boom
        }),
      'operator that rejects': () =>
        operator<Numbered>('operator', async value => {
          if (value.n === 2) throw boom
        }),
      'operator that rejects after a while': () =>
        operator<Numbered>('operator', async (value, emit) => {
          await null
          emit(value)
          await null
          if (value.n === 2) throw boom
        }),
    }
    for (const [name, make] of Object.entries(failing)) {
      t.test(`${name}, ${setting}: OPERATOR with its name, the lead's guid and the cause`, async t => {
        const operator = name.split(' ')[0]
        const failure = await failureOf(through(numbered(50), make))
        t.type(failure, LeadpipeError)
        t.match(failure, {
          code: 'OPERATOR',
          message: `${operator}, lead lead-2: boom`,
          retryable: false,
          context: { operator, guid: 'lead-2' },
        })
        t.equal((failure as LeadpipeError).cause, boom)
      })
    }

    t.test(`a LeadpipeError that a callback throws is unchanged, ${setting}`, async t => {
      const own = new LeadpipeError('INVALID_LEAD', 'mine')
      for (const make of [
        () =>
          map(() => {
            throw own
          }),
        () => map(() => Promise.reject(own)),
      ]) {
        // `run` rejects with a RunError that has the same parts.
        t.match(await failureOf(through(numbered(5), make)), { code: own.code, message: /^mine$/ })
      }
    })

    t.test(
      `anything that a callback throws becomes an OPERATOR error with a message, ${setting}`,
      async t => {
        for (const [thrown, shown] of [
          ['words', 'words'],
          [undefined, 'undefined'],
          [null, 'null'],
          [Symbol('s'), 'Symbol(s)'],
          [Object.create(null), '[Object: null prototype] {}'],
          [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
          [new RangeError(''), 'RangeError'],
        ]) {
          const failure = await failureOf(
            through([1], () =>
              map(() => {
                throw thrown
              }),
            ),
          )
          t.match(failure, { code: 'OPERATOR', message: `map: ${shown}`, cause: thrown })
        }
      },
    )

    for (const nothing of [null, undefined]) {
      t.test(
        `an operator that emits ${nothing} fails with OPERATOR, ${setting}, since a Node stream cannot carry it`,
        async t => {
          for (const [name, make] of Object.entries<() => Operator<never, unknown>>({
            map: () => map((value: Numbered) => (value.n === 1 ? nothing : value)),
            'map, asynchronous': () => map(async (value: Numbered) => (value.n === 1 ? nothing : value)),
            'map, several at a time': () =>
              map(async (value: Numbered) => (value.n === 1 ? nothing : value), { concurrency: 4 }),
            operator: () => operator<Numbered, unknown>('operator', (_, emit) => emit(nothing)),
            'operator, at its end': () =>
              operator<Numbered, unknown>(
                'operator',
                () => {},
                emit => emit(nothing),
              ),
          })) {
            const failure = await failureOf(through(numbered(3), make))
            t.match(failure, { code: 'OPERATOR', context: { operator: name.split(',')[0] } }, name)
            t.match((failure as Error).message, /emitted (null|undefined).*use filter to omit values/)
          }
        },
      )
    }

    t.test(`asynchronous steps keep the order and do not overlap, ${setting}`, async t => {
      let atOnce = 0
      let most = 0
      const uneven = () =>
        map(async (value: Numbered) => {
          atOnce += 1
          most = Math.max(most, atOnce)
          for (let tick = 0; tick < (value.n * 7) % 5; tick += 1) await null
          if (value.n % 4 === 0) await new Promise(resolve => setImmediate(resolve))
          atOnce -= 1
          return value.n
        })
      const results = await through(numbered(60), uneven)
      t.strictSame(
        results,
        numbered(60).map(value => value.n),
      )
      t.equal(most, 1)
    })

    t.test(`asynchronous steps after an explode keep the order and do not overlap, ${setting}`, async t => {
      let atOnce = 0
      let most = 0
      const make = () =>
        compose(
          explodeEvents(),
          map(async ({ conversionEvent }) => {
            atOnce += 1
            most = Math.max(most, atOnce)
            await null
            atOnce -= 1
            return conversionEvent.guid
          }),
          filter(async () => true),
        )
      const leads = someLeads(9, 4)
      t.strictSame(
        await through(leads, make),
        leads.flatMap(lead => lead.leadConversionEvents?.map(event => event.guid)),
      )
      t.equal(most, 1)
    })

    t.test(`an error of the source is not attributed to the operator, ${setting}`, async t => {
      const lost = new Error('lost')
      const failure = await failureOf(
        through(
          (async function* () {
            yield 1
            throw lost
          })(),
          () => map(value => value),
        ),
      )
      const { cause, code } = failure as LeadpipeError
      t.ok(failure === lost || (code === 'SOURCE' && cause === lost))
    })
  })
}
