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

/** An outlet to a sink with this `write`; `reports` has its 'busy' reports and its errors. */
function outletTo(write: (record: unknown) => void | Promise<void>) {
  const written: unknown[] = []
  const reports: unknown[] = []
  const outlet = new Outlet(
    {
      write(record) {
        written.push(record)
        return write(record)
      },
    },
    { busy: () => reports.push('busy'), fail: error => reports.push(error) },
  )
  return { outlet, written, reports }
}

/** An outlet to a sink whose writes stay pending until the test settles them. */
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

t.test('Outlet: while the sink has room, records are written at once and nothing is pending', async t => {
  const { outlet, written, reports } = outletTo(() => {})
  outlet.receive(1)
  outlet.write(2)
  t.strictSame(written, [1, 2])
  t.equal(outlet.idle(), undefined)
  t.equal(outlet.passed, 2)
  t.strictSame(reports, [])
})

t.test('Outlet: records are queued in order while the sink has no room', async t => {
  const { outlet, written, reports, rooms } = withoutRoom()
  const records = [{ n: 1 }, { n: 2 }, { n: 3 }]
  for (const record of records) outlet.receive(record)
  t.strictSame(written, [{ n: 1 }])
  t.strictSame(reports, ['busy'])
  t.equal(outlet.passed, 3, 'queued records count as passed')
  let isIdle = false
  const idle = outlet.idle()?.then(() => {
    isIdle = true
  })
  rooms[0]?.resolve()
  await turns(1)
  t.strictSame(written, [{ n: 1 }, { n: 2 }], 'one write at a time')
  t.notOk(isIdle)
  rooms[1]?.resolve()
  await turns(1)
  rooms[2]?.resolve()
  await idle
  t.equal(outlet.idle(), undefined)
  t.ok(
    written.every((record, n) => record === records[n]),
    'the same objects are written',
  )
})

t.test('Outlet: a record that is received while the queue is written is written after the queue', async t => {
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

t.test('Outlet: for any sink, one write at a time, every record once and in order', async t => {
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
      const { outlet, written, reports } = outletTo(() => {
        const wait = waits[written.length % waits.length] as number
        assert.equal(atOnce, 0, 'writes do not overlap')
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
      assert.ok(reports.every(report => report === 'busy'))
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
  t.test(`Outlet: a sink that ${what} fails the outlet once, and receive does not throw`, async t => {
    const { outlet, written, reports } = outletTo(fail)
    for (const n of [1, 2, 3]) t.equal(outlet.receive(n), undefined)
    await outlet.idle()
    outlet.receive(4)
    outlet.fail(new Error('another'))
    t.equal(outlet.idle(), undefined)
    t.strictSame(written, [1], 'nothing is written after the failure')
    t.strictSame(
      reports.filter(report => report !== 'busy'),
      [boom],
    )
    t.ok(outlet.isFailed)
  })
}

t.test('Outlet: if the sink throws while the queue is written, the rest is not written', async t => {
  const { outlet, written, reports } = outletTo(record => {
    if (record === 3) throw boom
    return turns(1)
  })
  for (const n of [1, 2, 3, 4]) outlet.receive(n)
  await outlet.idle()
  t.strictSame(written, [1, 2, 3])
  t.strictSame(reports, ['busy', boom])
})

t.test(
  'Outlet: a sink that fails between two writes is reported once, and nothing more is written',
  async t => {
    const { outlet, written, reports } = outletTo(() => {})
    outlet.fail(boom)
    outlet.fail(boom)
    outlet.receive(1)
    t.strictSame([written, reports, outlet.passed], [[], [boom], 0])
  },
)

t.test('Outlet: if the sink fails while the queue waits, the queue is not written', async t => {
  const { outlet, written, reports, rooms } = withoutRoom()
  for (const n of [1, 2, 3]) outlet.receive(n)
  outlet.fail(boom)
  rooms[0]?.resolve()
  await outlet.idle()
  t.strictSame(written, [1])
  t.strictSame(reports, ['busy', boom])
})

t.test('Outlet: stop returns the queued records; idle resolves when the last write has ended', async t => {
  const { outlet, written, reports, rooms } = withoutRoom()
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
  t.strictSame(reports, ['busy'])
  t.strictSame(outlet.stop(), [])
})

t.test('Outlet: records on hold are written when released, and not written when dropped', async t => {
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

t.test('Outlet: released records keep their order if the sink has no room', async t => {
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

t.test('Chain: emit does not wait for the sink, but receive does before the next record', async t => {
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

t.test('Chain: a sink that fails amid the records emitted for one value fails the chain', async t => {
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
