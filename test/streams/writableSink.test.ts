import { once } from 'node:events'
import { Duplex, PassThrough, Writable, type WritableOptions } from 'node:stream'
import { WritableStream } from 'node:stream/web'
import t from 'tap'
import type { Ending, SinkRun } from '../../lib/stage/SinkStage.ts'
import { attachSink } from '../../lib/streams/attachSink.ts'
import { writableSink } from '../../lib/streams/writableSink.ts'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { runProcess } from '../support/runProcess.ts'
import { turns } from '../support/turns.ts'

const boom = new Error('boom')
const closed = { code: 'ERR_STREAM_PREMATURE_CLOSE' }

/** A Writable in object mode, and the records written to it. */
function writable(options: WritableOptions = {}) {
  const written: unknown[] = []
  const own = new Writable({
    objectMode: true,
    write(record, _encoding, callback) {
      written.push(record)
      callback()
    },
    ...options,
  })
  return { own, written }
}

/** Opens a Writable as the sink of a run, and collects the failures that it reports between two writes. */
async function open(own: Writable): Promise<{ sink: SinkRun; failures: unknown[] }> {
  const failures: unknown[] = []
  const sink = await writableSink(own).open({ at: () => undefined, fail: error => failures.push(error) })
  return { sink, failures }
}

t.test(
  'writableSink: a Writable gets every record in order, is ended by prepare, and unchanged by commit',
  async t => {
    let finals = 0
    const { own, written } = writable({
      final(callback) {
        finals += 1
        setImmediate(callback)
      },
    })
    const { sink, failures } = await open(own)
    const records = [{ n: 1 }, 'two', 3, false]
    for (const record of records) t.equal(sink.write(record), undefined)
    t.notOk(own.writableEnded)
    await sink.prepare()
    t.ok(own.writableFinished)
    await sink.commit()
    t.strictSame([written, finals, failures], [records, 1, []])
  },
)

t.test('writableSink: write waits while the Writable has no room', async t => {
  let callBack: () => void = () => {}
  const { own } = writable({
    highWaterMark: 1,
    write(_record, _encoding, callback) {
      callBack = callback
    },
  })
  const { sink } = await open(own)
  let hasRoom = false
  const room = Promise.resolve(sink.write(1)).then(() => {
    hasRoom = true
  })
  await turns(3)
  t.notOk(hasRoom)
  callBack()
  await room
  t.ok(hasRoom)
})

t.test('writableSink: a Writable cannot be resumed: it has no fingerprint and no flush', async t => {
  const { own } = writable()
  t.equal(writableSink(own).fingerprint, undefined)
  t.equal((await open(own)).sink.flush, undefined)
})

const failing: Record<string, { options: WritableOptions; expected: object }> = {
  'fails at a write': { options: { write: (_r, _e, callback) => callback(boom) }, expected: boom },
  'fails at a write later': {
    options: { write: (_r, _e, callback) => setImmediate(callback, boom) },
    expected: boom,
  },
  'destroys itself at a write': {
    options: {
      write(this: Writable) {
        this.destroy()
      },
    },
    expected: closed,
  },
}

for (const [what, { options, expected }] of Object.entries(failing)) {
  t.test(
    `writableSink: a Writable that ${what}, with room, is reported once, and later writes fail`,
    async t => {
      const unhandled = processEvents(t, 'unhandledRejection')
      const { own } = writable(options)
      const { sink, failures } = await open(own)
      // If it fails synchronously, the write itself rejects.
      const room = await Promise.resolve()
        .then(() => sink.write(1))
        .catch((error: unknown) => error)
      t.match(room ?? expected, expected)
      await turns(4)
      t.match(failures, [expected])
      t.equal(failures.length, 1)
      t.match(await failureOf(() => sink.write(2)), expected)
      t.match(await failureOf(sink.prepare()), expected)
      t.equal(failures.length, 1)
      await sink.end('discard')
      await turns(2)
      t.strictSame(unhandled, [])
    },
  )

  t.test(`writableSink: a Writable that ${what}, without room, fails the pending write`, async t => {
    const { own } = writable({ ...options, highWaterMark: 1 })
    const { sink } = await open(own)
    t.match(await failureOf(async () => sink.write(1)), expected)
  })
}

t.test('writableSink: a Writable whose write throws fails the write', async t => {
  const { own } = writable({
    write() {
      throw boom
    },
  })
  const { sink } = await open(own)
  t.equal(await failureOf(async () => sink.write(1)), boom)
})

t.test('writableSink: an object for a byte stream fails the write, not the process', async t => {
  const { own } = writable({ objectMode: false })
  const { sink } = await open(own)
  t.match(await failureOf(async () => sink.write({ a: 1 })), { code: 'ERR_INVALID_ARG_TYPE' })
})

const failingAtItsEnd: Record<string, { options: WritableOptions; expected: object }> = {
  'fails at its end': { options: { final: callback => callback(boom) }, expected: boom },
  'is destroyed at its end': {
    options: {
      final(this: Writable) {
        setImmediate(() => this.destroy())
      },
    },
    expected: closed,
  },
  'is destroyed with an error at its end': {
    options: {
      final(this: Writable) {
        setImmediate(() => this.destroy(boom))
      },
    },
    expected: boom,
  },
}

for (const [what, { options, expected }] of Object.entries(failingAtItsEnd)) {
  t.test(`writableSink: a Writable that ${what} fails prepare, and is not reported in addition`, async t => {
    const { own, written } = writable(options)
    const { sink, failures } = await open(own)
    sink.write(1)
    t.match(await failureOf(sink.prepare()), expected)
    t.strictSame(written, [1])
    t.strictSame(failures, [])
  })
}

for (const [what, act, expected] of [
  ['destroyed', (own: Writable) => own.destroy(), closed],
  ['destroyed with an error', (own: Writable) => own.destroy(boom), boom],
  ['ended', (own: Writable) => own.end(), closed],
] as const) {
  t.test(
    `writableSink: a Writable that is ${what} from outside is reported, and gets no more records`,
    async t => {
      const { own, written } = writable()
      const { sink, failures } = await open(own)
      sink.write(1)
      act(own)
      t.match(await failureOf(async () => sink.write(2)), expected)
      await turns(4)
      t.match(failures, [expected])
      t.match(await failureOf(sink.prepare()), expected)
      t.strictSame(written, [1])
    },
  )

  t.test(`writableSink: a Writable that was ${what} before it is opened gets no record`, async t => {
    const { own } = writable()
    own.on('error', () => {})
    act(own)
    await turns(3)
    const { sink } = await open(own)
    t.match(await failureOf(async () => sink.write(1)), expected)
    await failureOf(sink.prepare())
  })
}

t.test('writableSink: an error of a Writable after its end does not crash the process', async t => {
  for (const how of ['commit', 'discard', 'keep', 'leave'] as const) {
    const { own } = writable({ autoDestroy: false })
    const { sink, failures } = await open(own)
    sink.write(1)
    if (how === 'commit') {
      await sink.prepare()
      await sink.commit()
    } else await sink.end(how)
    own.emit('error', new Error('late'))
    await turns(2)
    t.strictSame(failures, [], how)
  }
})

t.test('writableSink: only the writable half of a Duplex is awaited', async t => {
  const own = new Duplex({ objectMode: true, read() {}, write: (_r, _e, callback) => callback() })
  const { sink, failures } = await open(own)
  sink.write(1)
  await sink.prepare()
  await sink.commit()
  await turns(3)
  t.ok(own.writableFinished)
  t.notOk(own.destroyed)
  t.strictSame(failures, [])
  const pass = new PassThrough({ objectMode: true })
  const opened = await open(pass)
  opened.sink.write(1)
  await opened.sink.prepare()
  t.strictSame(await pass.toArray(), [1])
})

for (const [how, isEnded, isDestroyed] of [
  ['discard', false, true],
  ['leave', false, true],
  ['keep', true, false],
] as [Ending, boolean, boolean][]) {
  t.test(`writableSink: end('${how}') does not wait for the Writable`, async t => {
    const { own } = writable({ write() {}, destroy() {}, highWaterMark: 1 })
    const { sink, failures } = await open(own)
    const waiting = Promise.resolve(sink.write(1)).catch(() => {})
    await sink.end(how)
    t.equal(own.writableEnded, isEnded)
    t.equal(own.destroyed, isDestroyed)
    await turns(3)
    t.strictSame(failures, [])
    void waiting
  })
}

t.test("writableSink: after end('keep') the Writable gets its queued records and finishes", async t => {
  const { own, written } = writable({
    highWaterMark: 1,
    write(record, _encoding, callback) {
      written.push(record)
      setImmediate(callback)
    },
  })
  const { sink } = await open(own)
  void sink.write(1)
  await sink.end('keep')
  await once(own, 'finish')
  t.strictSame(written, [1])
})

t.test(
  'writableSink: a web WritableStream gets every record and is closed, and its failure is reported',
  async t => {
    const records: unknown[] = []
    let isClosed = false
    const web = new WritableStream({
      async write(record) {
        await turns(1)
        records.push(record)
      },
      close() {
        isClosed = true
      },
    })
    const opening = { at: () => undefined, fail() {} }
    const sink = await attachSink(web, () => {}).stage.open(opening)
    for (const n of [1, 2, 3]) await sink.write({ n })
    await sink.prepare()
    await sink.commit()
    t.strictSame(records, [{ n: 1 }, { n: 2 }, { n: 3 }])
    t.ok(isClosed)
    const failing = new WritableStream({ write: () => Promise.reject(boom) })
    const other = await attachSink(failing, () => {}).stage.open(opening)
    const failure = await failureOf(async () => {
      await other.write(1)
      await other.prepare()
    })
    t.equal(failure, boom)
  },
)

const script = 'test/streams/fixtures/standardStreams.ts'

t.test('writableSink: standard output and error get every byte, stay open, and keep no listener', async t => {
  for (const how of ['commit', 'discard', 'keep', 'leave']) {
    const { stdout, stderr, code } = await runProcess(script, [how])
    t.equal(code, 0)
    t.ok(stdout === `${'x'.repeat(300_000)}afterwards\n`, `${how}: every byte arrives, and later output too`)
    const [firstLine, result = ''] = stderr.split('\n')
    t.equal(firstLine, 'said', 'standard error has its record')
    t.strictSame(JSON.parse(result), { ended: [false, false], listeners: 0, failures: 0 })
  }
})
