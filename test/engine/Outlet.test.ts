import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Outlet } from '../../lib/engine/Outlet.ts'
import { operator } from '../../lib/operators/operator.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'
import { chainOfDefinitions } from './chainOf.ts'

const boom = new Error('boom')

/** An outlet in front of a sink that behaves as told, and what came of it. */
function outletTo(write: (record: unknown) => void | Promise<void>) {
  const written: unknown[] = []
  const told: unknown[] = []
  const outlet = new Outlet(
    {
      write(record) {
        written.push(record)
        return write(record)
      },
    },
    { busy: () => told.push('busy'), fail: error => told.push(error) },
  )
  return { outlet, written, told }
}

/** A sink that has no room behind any record until it is given some. */
function withoutRoom() {
  const rooms: { resolve(): void; reject(error: unknown): void }[] = []
  const opened = outletTo(
    () =>
      new Promise<void>((resolve, reject) => {
        rooms.push({ resolve, reject })
      }),
  )
  return { ...opened, rooms }
}

t.test('while the sink has room, records go straight to it, and nothing is waited for', async t => {
  const { outlet, written, told } = outletTo(() => {})
  outlet.receive(1)
  outlet.write(2)
  t.strictSame(written, [1, 2])
  t.equal(outlet.idle(), undefined)
  t.equal(outlet.passed, 2)
  t.strictSame(told, [])
})

t.test('what one record gives rise to is queued while the sink has no room, in order', async t => {
  const { outlet, written, told, rooms } = withoutRoom()
  const records = [{ n: 1 }, { n: 2 }, { n: 3 }]
  for (const record of records) outlet.receive(record)
  t.strictSame(written, [{ n: 1 }])
  t.strictSame(told, ['busy'])
  t.equal(outlet.passed, 3, 'they are on their way')
  let isIdle = false
  const idle = outlet.idle()?.then(() => {
    isIdle = true
  })
  rooms[0]?.resolve()
  await turns(1)
  t.strictSame(written, [{ n: 1 }, { n: 2 }], 'one at a time')
  t.notOk(isIdle)
  rooms[1]?.resolve()
  await turns(1)
  rooms[2]?.resolve()
  await idle
  t.equal(outlet.idle(), undefined)
  t.ok(
    written.every((record, n) => record === records[n]),
    'the very objects',
  )
})

t.test('records that come while the queue is written are behind those in it', async t => {
  const { outlet, written, rooms } = withoutRoom()
  outlet.receive(1)
  outlet.receive(2)
  rooms[0]?.resolve()
  await turns(1)
  outlet.receive(3)
  t.strictSame(written, [1, 2])
  for (const n of [1, 2]) {
    rooms[n]?.resolve()
    await turns(1)
  }
  t.strictSame(written, [1, 2, 3])
  t.equal(outlet.idle(), undefined)
  outlet.receive(4)
  t.strictSame(written, [1, 2, 3, 4])
})

t.test('whatever a sink does: one write at a time, every record once, in order', async t => {
  const act = fc.oneof(
    fc.constant('receive' as const),
    fc.constant('turn' as const),
    fc.constant('settle' as const),
  )
  const property = fc.asyncProperty(
    fc.array(act, { maxLength: 60 }),
    fc.array(fc.nat(3), { minLength: 1, maxLength: 10 }),
    async (acts, waits) => {
      let atOnce = 0
      let received = 0
      const { outlet, written, told } = outletTo(() => {
        const wait = waits[written.length % waits.length] as number
        assert.equal(atOnce, 0, 'the sink has one writer')
        if (wait === 0) return
        atOnce += 1
        return turns(wait - 1).then(() => {
          atOnce -= 1
        })
      })
      for (const one of acts) {
        if (one === 'receive') outlet.receive(received++)
        else if (one === 'turn') await turns(1)
        else await outlet.idle()
      }
      await outlet.idle()
      assert.deepEqual(written, [...Array(received).keys()])
      assert.equal(outlet.passed, received)
      assert.ok(told.every(what => what === 'busy'))
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 200 }))
})

for (const [what, fail] of Object.entries<() => void | Promise<void>>({
  'throws at a write': () => {
    throw boom
  },
  'rejects at a write': () => Promise.reject(boom),
  'rejects at a write later': () => turns(2).then(() => Promise.reject(boom)),
})) {
  t.test(`a sink that ${what}: the operator hears nothing, the failure is told once`, async t => {
    const { outlet, written, told } = outletTo(fail)
    for (const n of [1, 2, 3]) t.equal(outlet.receive(n), undefined)
    await outlet.idle()
    outlet.receive(4)
    outlet.fail(new Error('another'))
    t.equal(outlet.idle(), undefined)
    t.strictSame(written, [1], 'nothing is written behind the failure')
    t.strictSame(
      told.filter(one => one !== 'busy'),
      [boom],
    )
    t.ok(outlet.isFailed)
  })
}

t.test('a sink that throws in the middle of the queue: the rest is not written', async t => {
  const { outlet, written, told } = outletTo(record => {
    if (record === 3) throw boom
    return turns(1)
  })
  for (const n of [1, 2, 3, 4]) outlet.receive(n)
  await outlet.idle()
  t.strictSame(written, [1, 2, 3])
  t.strictSame(told, ['busy', boom])
})

t.test('a sink that fails while nobody writes: told once, and nothing is written any more', async t => {
  const { outlet, written, told } = outletTo(() => {})
  outlet.fail(boom)
  outlet.fail(boom)
  outlet.receive(1)
  t.strictSame([written, told, outlet.passed], [[], [boom], 0])
})

t.test('a sink that fails while its queue waits: the queue is not written', async t => {
  const { outlet, written, told, rooms } = withoutRoom()
  for (const n of [1, 2, 3]) outlet.receive(n)
  outlet.fail(boom)
  rooms[0]?.resolve()
  await outlet.idle()
  t.strictSame(written, [1])
  t.strictSame(told, ['busy', boom])
})

t.test('stopped, an outlet says what waits, and is idle when the last write is over', async t => {
  const { outlet, written, told, rooms } = withoutRoom()
  for (const n of [1, 2, 3, 4]) outlet.receive(n)
  rooms[0]?.resolve()
  await turns(1)
  t.strictSame(outlet.stop(), [3, 4])
  outlet.receive(5)
  const idle = outlet.idle()
  rooms[1]?.resolve()
  await idle
  t.equal(outlet.idle(), undefined)
  t.strictSame(written, [1, 2])
  t.strictSame(told, ['busy'])
  t.strictSame(outlet.stop(), [])
})

t.test('what is held goes to the sink when it is released, and not when it is dropped', async t => {
  const { outlet, written } = outletTo(() => {})
  outlet.hold()
  outlet.receive(1)
  outlet.receive(2)
  t.strictSame([written, outlet.passed], [[], 0])
  outlet.release()
  t.strictSame([written, outlet.passed], [[1, 2], 2])
  outlet.receive(3)
  outlet.hold()
  outlet.receive(4)
  outlet.drop()
  outlet.receive(5)
  outlet.release()
  t.strictSame([written, outlet.passed], [[1, 2, 3, 5], 4])
})

t.test('a release into a sink without room keeps the order', async t => {
  const { outlet, written, rooms } = withoutRoom()
  outlet.receive(1)
  outlet.hold()
  outlet.receive(2)
  outlet.receive(3)
  outlet.release()
  outlet.receive(4)
  for (let n = 0; n < 4; n += 1) {
    rooms[n]?.resolve()
    await turns(1)
  }
  t.strictSame(written, [1, 2, 3, 4])
})

t.test('an operator’s emit does not wait, and the chain waits before the next record', async t => {
  let emitted = 0
  const repeat = operator<number>('repeat', (n, emit) => {
    for (let copy = 0; copy < 1_000; copy += 1) {
      emit(n)
      emitted += 1
    }
  })
  const written: unknown[] = []
  const { chain } = chainOfDefinitions(repeat[recipe], {
    async write(record) {
      written.push(record)
      await null
    },
  })
  const waiting = chain.receive(1)
  t.equal(emitted, 1_000)
  t.equal(written.length, 1)
  await waiting
  t.equal(written.length, 1_000)
  await chain.receive(2)
  t.strictSame(written, [...Array(1_000).fill(1), ...Array(1_000).fill(2)])
})

t.test('a sink that fails in the middle of what one record gave rise to fails the chain', async t => {
  const repeat = operator<number>('repeat', (n, emit) => {
    for (let copy = 0; copy < 5; copy += 1) emit(n + copy)
  })
  const { chain, events } = chainOfDefinitions(repeat[recipe], {
    async write(record) {
      await null
      if (record === 3) throw boom
    },
  })
  t.equal(await failureOf(async () => chain.receive(1)), boom)
  t.strictSame(events, [boom])
  t.strictSame(chain.counts, [{ name: 'repeat', in: 1, out: 5, own: {} }])
})
