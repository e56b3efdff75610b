import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { RunError } from '../../lib/index.ts'
import { explode } from '../../lib/operators/explode.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { turns } from '../support/turns.ts'

const invalid = [{ no: 'guid' }, { no: 'guid' }, { no: 'guid' }, { no: 'guid' }]
const sink = () => toArray({ max: 9 })
const validateInto = (quarantine: Writable) => validate({ onInvalid: 'quarantine', quarantine })

/** The ways to use an operator with a user's quarantine. */
const ways: Record<string, (quarantine: Writable) => Promise<unknown>> = {
  'under run': quarantine => run(invalid, validateInto(quarantine), sink()),
  'in a plain pipeline': quarantine => pipeline(invalid, validateInto(quarantine), sink()),
}

/** A Writable that calls `act` with itself at the first record, and never calls back. */
function closing(act: (own: Writable) => void, highWaterMark: number): Writable {
  const own: Writable = new Writable({
    objectMode: true,
    highWaterMark,
    write: () => act(own),
  })
  return own
}

const closed = {
  code: 'SINK',
  message: 'the quarantine failed: it was closed before its end',
  cause: { code: 'ERR_STREAM_PREMATURE_CLOSE' },
}
const failed = { code: 'SINK', message: 'the quarantine failed: boom', cause: { message: 'boom' } }
const boom = () => new Error('boom')

for (const [way, use] of Object.entries(ways)) {
  for (const highWaterMark of [1, 2, 99]) {
    t.test(
      `side output: ${way}, a quarantine closed by its first record is SINK (highWaterMark ${highWaterMark})`,
      async t => {
        t.match(await failureOf(use(closing(own => own.destroy(), highWaterMark))), closed)
        t.match(await failureOf(use(closing(own => own.destroy(boom()), highWaterMark))), failed)
      },
    )
  }

  t.test(
    `side output: ${way}, a quarantine that is closed while a record waits for room is SINK`,
    async t => {
      for (const highWaterMark of [1, 2]) {
        const later = closing(own => void turns(2).then(() => own.destroy()), highWaterMark)
        t.match(await failureOf(use(later)), closed)
      }
    },
  )

  t.test(
    `side output: ${way}, a quarantine that was closed or ended before is SINK at the first record`,
    async t => {
      for (const quarantine of [
        new Writable({ objectMode: true }).destroy(),
        new Writable({ objectMode: true, write: (_r, _e, callback) => callback() }).end(),
      ]) {
        await turns(2)
        t.match(await failureOf(use(quarantine)), closed)
      }
    },
  )

  t.test(`side output: ${way}, a quarantine that is ended during the run is SINK`, async t => {
    const own: Writable = new Writable({
      objectMode: true,
      write(_record, _encoding, callback) {
        own.end()
        callback()
      },
    })
    t.match(await failureOf(use(own)), closed)
  })

  t.test(
    `side output: ${way}, a quarantine whose write fails, synchronously or not, is SINK with the cause`,
    async t => {
      const unhandled = processEvents(t, 'unhandledRejection')
      for (const fail of [
        (callback: (error: Error) => void) => callback(boom()),
        (callback: (error: Error) => void) => void turns(2).then(() => callback(boom())),
      ]) {
        const own = new Writable({
          objectMode: true,
          highWaterMark: 1,
          write: (_record, _encoding, callback) => fail(callback),
        })
        t.match(await failureOf(use(own)), failed)
      }
      await turns(5)
      t.strictSame(unhandled, [])
    },
  )

  t.test(
    `side output: ${way}, a slow quarantine applies backpressure, and gets the records in order`,
    async t => {
      const records: unknown[] = []
      let atOnce = 0
      const slow = new Writable({
        objectMode: true,
        highWaterMark: 1,
        write(record, _encoding, callback) {
          atOnce += 1
          t.equal(atOnce, 1)
          records.push(record)
          void turns(3).then(() => {
            atOnce -= 1
            callback()
          })
        },
      })
      await use(slow)
      t.equal(records.length, invalid.length)
    },
  )
}

t.test('side output: under run, a quarantine that is closed after the last record is SINK', async t => {
  const later = closing(own => void turns(2).then(() => own.destroy()), 99)
  t.match(await failureOf(run(invalid, validateInto(later), sink())), closed)
})

t.test('side output: run ends a quarantine, a plain pipeline leaves that to its owner', async t => {
  for (const [way, isEnded] of [
    ['under run', true],
    ['in a plain pipeline', false],
  ] as const) {
    const own = new Writable({ objectMode: true, write: (_r, _e, callback) => callback() })
    await ways[way]?.(own)
    t.equal(own.writableFinished, isEnded, way)
    t.equal(own.destroyed, isEnded, way)
  }
})

for (const [what, act, expected] of [
  ['destroyed', (own: Writable) => own.destroy(), closed],
  ['destroyed with an error', (own: Writable) => own.destroy(boom()), failed],
  ['ended', (own: Writable) => own.end(), closed],
] as const) {
  t.test(
    `side output: a quarantine by toArray that is ${what} from outside is SINK, and does not crash`,
    async t => {
      for (const way of ['under run', 'in a plain pipeline'] as const) {
        const own = toArray({ max: 9 })
        const source = new Readable({ objectMode: true, read() {} })
        source.push({ no: 'guid' })
        const failing = failureOf(
          way === 'under run'
            ? run(source, validateInto(own), sink())
            : pipeline(source, validateInto(own), sink()),
        )
        while (own.records.length === 0) await turns(1)
        act(own)
        await turns(3)
        source.push({ no: 'guid' })
        t.match(await failing, expected, way)
        t.ok(own.destroyed)
      }
    },
  )
}

/** More bytes than a file takes at once. */
const items = Array.from({ length: 2_000 }, (_, n) => `${n} ${'x'.repeat(3_000)}`)

t.test(
  'side output: a run that fails keeps every quarantined record, even those that waited for room',
  async t => {
    const path = join(t.testdir(), 'rejected.ndjson')
    const received: unknown[] = []
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(record, _encoding, callback) {
        received.push(record)
        setImmediate(callback)
      },
    })
    for (const [quarantine, count] of [
      [path, () => readFileSync(path, 'utf8').split('\n').length - 1],
      [slow, () => received.length],
    ] as const) {
      const failure = (await failureOf(
        run(
          [{ of: items }],
          explode('of'),
          validate({ onInvalid: 'quarantine', quarantine, maxInvalid: 500 }),
          sink(),
        ),
      )) as RunError
      t.match(failure, { code: 'INVALID_LEAD' })
      t.equal(failure.report.quarantined, 501)
      // A user's Writable is ended, and not waited for.
      t.equal(await eventually(count, 501), 501)
    }
  },
)
