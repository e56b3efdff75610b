import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Target } from '../../lib/engine/Outlet.ts'
import type { CallContext } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { validate } from '../../lib/operators/validate.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { aLead } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'
import { chainOf, chainOfDefinitions } from './chainOf.ts'

/** A call that the test settles. */
interface OpenCall {
  value: unknown
  signal: AbortSignal
  resolve(result: unknown): void
  reject(error: unknown): void
}

/** A map() whose calls the test settles. */
function controlled(concurrency: number) {
  const calls: OpenCall[] = []
  const call = (value: unknown, { signal }: CallContext) =>
    new Promise<unknown>((resolve, reject) => calls.push({ value, signal, resolve, reject }))
  return { calls, operator: map(call, { concurrency }) }
}

const started = (calls: readonly OpenCall[]) => calls.map(({ value }) => value)
const aborted = (calls: readonly OpenCall[]) => calls.map(({ signal }) => signal.aborted)

/** How a call for a value ends. */
type End = 'value' | 'promise' | 'rejection' | 'exception' | 'null'
const end = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom<End>('value', 'promise', 'promise') },
  { weight: 1, arbitrary: fc.constantFrom<End>('rejection', 'exception', 'null') },
)

t.test('ConcurrentRunner: in any order of results, its output has the order of its input', async t => {
  const property = fc.asyncProperty(
    fc.array(fc.record({ end, waits: fc.boolean() }), { maxLength: 30 }),
    fc.integer({ min: 1, max: 5 }),
    fc.scheduler(),
    async (given, concurrency, scheduler) => {
      const values = given.map((one, n) => ({ guid: `lead-${n}`, ...one }))
      const out: unknown[] = []
      let calls = 0
      let isFull = false
      const main: Target = {
        write(record) {
          assert.equal(isFull, false, 'the sink is written to while it has room')
          out.push(record)
          if (!(record as (typeof values)[0]).waits) return undefined
          isFull = true
          return scheduler.schedule(Promise.resolve()).then(() => {
            isFull = false
          })
        },
      }
      const change = (value: (typeof values)[0]) => {
        assert.equal(isFull, false, 'a call is started while the sink has room')
        calls += 1
        assert.ok(calls - out.length <= concurrency, `${calls - out.length} calls under way`)
        if (value.end === 'exception') throw new Error(value.end)
        if (value.end === 'value') return value
        return scheduler.schedule(Promise.resolve()).then(() => {
          if (value.end === 'promise') return value
          if (value.end === 'null') return null
          throw new Error(value.end)
        })
      }
      const { chain, events } = chainOfDefinitions(map(change, { concurrency })[recipe], main)
      const feed = async () => {
        for (const value of values) await chain.receive(value)
        await chain.flush()
      }
      const failure = await scheduler.waitFor(failureOf(feed).catch(() => undefined))
      const failed = values.findIndex(({ end }) => end !== 'value' && end !== 'promise')
      assert.deepEqual(out, failed === -1 ? values : values.slice(0, failed))
      assert.deepEqual(events, failed === -1 ? [] : [failure])
      if (failed === -1) return
      const { guid } = values[failed] as (typeof values)[0]
      assert.deepEqual((failure as { context: unknown }).context, { operator: 'map', guid })
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 500 }))
})

t.test('ConcurrentRunner: a result that waits for an earlier one counts as a call under way', async t => {
  const { calls, operator } = controlled(3)
  const { chain, out } = chainOf(operator)
  t.equal(chain.receive(0), undefined)
  t.equal(chain.receive(1), undefined)
  const third = chain.receive(2)
  t.type(third, Promise, 'the next record must wait')
  calls[1]?.resolve('b')
  calls[2]?.resolve('c')
  await turns(2)
  t.strictSame([started(calls), out], [[0, 1, 2], []])
  calls[0]?.resolve('a')
  await third
  t.strictSame(out, ['a', 'b', 'c'])
})

t.test('ConcurrentRunner: values of one record wait for a call, and the next record for them', async t => {
  const { calls, operator: looked } = controlled(2)
  const { chain, out } = chainOf(
    operator<number>('repeat', (n, emit) => {
      for (let copy = 0; copy < 5; copy += 1) emit(n + copy)
    }),
    looked,
  )
  let isReceived = false
  const receiving = Promise.resolve(chain.receive(1)).then(() => {
    isReceived = true
  })
  for (let n = 0; n < 4; n += 1) {
    await turns(1)
    t.strictSame([calls.length, isReceived], [n + 2, false])
    calls[n]?.resolve(n)
  }
  await receiving
  t.strictSame(out, [0, 1, 2, 3])
  calls[4]?.resolve(4)
  await chain.flush()
  t.strictSame(out, [0, 1, 2, 3, 4])
})

t.test('ConcurrentRunner: while an operator after it is busy, it starts no call', async t => {
  const { calls, operator } = controlled(3)
  let finishStep: () => void = () => {}
  const { chain, out } = chainOf(
    operator,
    map(
      (value: unknown) =>
        new Promise<unknown>(resolve => {
          finishStep = () => resolve(value)
        }),
    ),
  )
  chain.receive(0)
  calls[0]?.resolve('a')
  await turns(1)
  const second = chain.receive(1)
  await turns(1)
  t.strictSame(started(calls), [0])
  finishStep()
  await second
  t.strictSame([started(calls), out], [[0, 1], ['a']])
})

t.test('ConcurrentRunner: drain and flush wait for the calls under way', async t => {
  for (const method of ['drain', 'flush'] as const) {
    const { calls, operator } = controlled(3)
    const { chain, out } = chainOf(operator)
    t.equal(chain.drain(), undefined, 'nothing is under way')
    chain.receive(0)
    chain.receive(1)
    let isDrained = false
    const draining = Promise.resolve(chain[method]()).then(() => {
      isDrained = true
    })
    calls[1]?.resolve('b')
    await turns(2)
    t.notOk(isDrained)
    calls[0]?.resolve('a')
    await draining
    t.strictSame(out, ['a', 'b'])
    t.equal(chain.drain(), undefined)
  }
})

t.test(
  'ConcurrentRunner: a call that fails aborts only later calls, and fails the chain in its turn',
  async t => {
    const { calls, operator } = controlled(4)
    const { chain, out, events } = chainOf(operator)
    for (const n of [0, 1, 2]) chain.receive({ guid: `lead-${n}` })
    const boom = new Error('boom')
    calls[1]?.reject(boom)
    await turns(2)
    t.strictSame(aborted(calls), [false, false, true])
    t.strictSame(events, [])
    const next = failureOf(async () => chain.receive({ guid: 'lead-3' }))
    await turns(2)
    t.equal(calls.length, 3, 'no call is started after a failure')
    calls[0]?.resolve('a')
    t.match(await next, {
      code: 'OPERATOR',
      message: 'map, lead lead-1: boom',
      context: { operator: 'map', guid: 'lead-1' },
      cause: boom,
    })
    t.strictSame(out, ['a'])
    t.equal(events.length, 1)
  },
)

t.test('ConcurrentRunner: stopped, it waits for no call, aborts them, and emits nothing more', async t => {
  const { calls, operator } = controlled(3)
  const { chain, out, events } = chainOf(operator)
  chain.receive(0)
  chain.receive(1)
  const waiting = chain.receive(2)
  calls[2]?.resolve('c')
  await turns(1)
  chain.stop()
  await waiting
  await chain.flush()
  t.strictSame(aborted(calls), [true, true, false], 'a call that is over is not aborted')
  calls[0]?.resolve('a')
  calls[1]?.reject(new Error('late'))
  await turns(2)
  chain.receive(3)
  t.strictSame([out, events, calls.length], [[], [], 3])
  t.strictSame(chain.counts, [{ name: 'map', in: 4, out: 0, unused: 4, own: {} }])
})

t.test('ConcurrentRunner: a signal that is asked for after the end of the run is aborted', async t => {
  const contexts: CallContext[] = []
  const { chain } = chainOf(
    map((_value: unknown, context) => {
      contexts.push(context)
      return new Promise<unknown>(() => {})
    }),
  )
  chain.receive(1)
  chain.stop()
  t.ok(contexts[0]?.signal.aborted)
})

t.test('ConcurrentRunner: take() after it ends the chain without waiting for pending calls', async t => {
  const { calls, operator } = controlled(3)
  const { chain, out, events } = chainOf(operator, take(1))
  chain.receive(0)
  chain.receive(1)
  const waiting = chain.receive(2)
  calls[0]?.resolve('a')
  await waiting
  await chain.flush()
  t.ok(chain.isDone)
  t.strictSame([out, events], [['a'], ['done']])
  t.strictSame(aborted(calls), [false, true, true])
  t.match(chain.counts, [
    { in: 3, out: 1, unused: 2 },
    { in: 1, out: 1 },
  ])
})

/** Fails for one number. */
const failingFor = (bad: number) =>
  operator<{ n: number }>('failing', (value, emit) => {
    if (value.n === bad) throw new Error('bad')
    emit(value)
  })

t.test('ConcurrentRunner: a failing record can be undone if no other was under way before it', async t => {
  const { calls, operator } = controlled(3)
  const { chain } = chainOf(operator)
  chain.rememberRecords()
  chain.receive({ n: 1 })
  calls[0]?.resolve('a')
  await chain.drain()
  const before = chain.save()
  chain.receive({ n: 2 })
  calls[1]?.reject(new Error('bad'))
  await turns(2)
  t.ok(chain.failure)
  t.ok(chain.undo())
  t.strictSame(chain.save(), before)
  t.equal(chain.drain(), undefined, 'the state can be saved')
})

t.test(
  'ConcurrentRunner: a record that fails beside others under way is not undone, wherever it fails',
  async t => {
    for (const where of ['before', 'in', 'after'] as const) {
      const { calls, operator: looked } = controlled(3)
      const { chain } = chainOf(failingFor(where === 'before' ? 2 : 0), looked, failingFor(9))
      chain.rememberRecords()
      chain.receive({ n: 1 })
      if (where === 'before') t.throws(() => chain.receive({ n: 2 }), { code: 'OPERATOR' })
      else chain.receive({ n: 2 })
      if (where === 'in') calls[0]?.reject(new Error('bad'))
      else calls[0]?.resolve({ n: 9 })
      await turns(2)
      t.ok(chain.failure, where)
      t.notOk(chain.undo(), where)
    }
  },
)

t.test('ConcurrentRunner: an element that is not a record goes past it in its order', async t => {
  const { calls, operator } = controlled(3)
  const seen: unknown[] = []
  const { chain, out } = chainOf(
    operator,
    validate({ onInvalid: 'skip' }),
    map((value: unknown) => {
      seen.push(value)
      return value
    }),
  )
  const rejected = new Rejected('malformed', 'no JSON', '{', { page: 1, element: 0, byte: 0 })
  chain.receive(1)
  const waiting = chain.receive(rejected)
  await turns(2)
  t.equal(chain.counts[1]?.own.rejected, undefined, 'it waits for the call')
  calls[0]?.resolve(aLead(1))
  await waiting
  t.match(chain.counts, [{}, { in: 1, own: { rejected: 1 } }])
  t.strictSame(out, [aLead(1)])
  t.equal(chain.receive(rejected), undefined, 'it does not wait if no call is under way')
})

t.test(
  'ConcurrentRunner: an element that is not a record is unused if take() ended the run before it',
  async t => {
    const skipping = () => validate({ onInvalid: 'skip' })
    for (const after of [() => compose(skipping(), take(1)), () => compose(take(1), skipping())]) {
      const { calls, operator } = controlled(3)
      const { chain } = chainOf(operator, after())
      chain.receive(1)
      const place = { page: 1, element: 0, byte: 0 }
      const waiting = chain.receive(new Rejected('malformed', 'no JSON', '{', place))
      calls[0]?.resolve(aLead(1))
      await waiting
      const counts = chain.counts.find(({ name }) => name === 'validate')
      t.match(counts, { in: 1, unused: 1, own: { skipped: 0 } })
      t.strictSame(
        chain.equations().filter(({ values: [left, right] }) => left !== right),
        [],
      )
    }
  },
)
