import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import t from 'tap'
import type { Report, RunOptions } from '../../lib/index.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { someLeads } from '../support/aLead.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { processEvents } from '../support/processEvents.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'

const sink = () => toArray({ max: 10_000 })

/** A source that never ends, and yields to the event loop between values. */
async function* endless(onEnd: () => void = () => {}) {
  try {
    for (let n = 0; ; n += 1) {
      yield n
      await turns(1)
    }
  } finally {
    onEnd()
  }
}

const reasons: Record<string, unknown> = {
  'an Error': new Error('enough'),
  'an error with a code': Object.assign(new Error('enough'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }),
  text: 'enough',
  'empty text': '',
  null: null,
  zero: 0,
  'an object': { enough: true },
}

for (const [what, reason] of Object.entries(reasons)) {
  t.test(`run: an abort rejects with the reason itself: ${what}`, async t => {
    for (const [when, abort] of Object.entries({
      'before the start': (controller: AbortController): void => controller.abort(reason),
      'at once': (controller: AbortController) => queueMicrotask(() => controller.abort(reason)),
      'in the middle': (controller: AbortController): void =>
        void turns(10).then(() => controller.abort(reason)),
    })) {
      const controller = new AbortController()
      abort(controller)
      let ended = when === 'before the start'
      const own = new Writable({ objectMode: true, write: (_v, _e, callback) => callback() })
      const source = endless(() => {
        ended = true
      })
      const failure = await failureOf(
        run(
          source,
          map(n => n),
          transform<number, number>(() => new PassThrough({ objectMode: true })),
          own,
          { signal: controller.signal },
        ),
      )
      t.ok(Object.is(failure, reason), when)
      if (when !== 'in the middle') continue
      t.equal(await eventually(() => ended && own.closed, true), true, 'everything is closed')
    }
  })
}

t.test('run: an abort without a reason rejects with an AbortError', async t => {
  const controller = new AbortController()
  void turns(5).then(() => controller.abort())
  t.match(await failureOf(run(endless(), sink(), { signal: controller.signal })), { name: 'AbortError' })
})

t.test('run: AbortSignal.timeout() rejects with a TimeoutError', async t => {
  const signal = AbortSignal.timeout(10)
  t.match(await failureOf(run(endless(), sink(), { signal })), { name: 'TimeoutError' })
})

t.test('run: an abort before the start sends no request and creates no file', async t => {
  const dir = t.testdir()
  const { origin, targets } = await serveLeads(t, someLeads(3))
  const signal = AbortSignal.abort('no')
  const failure = await failureOf(
    run(leads(openClient(t, origin)), toFile(join(dir, 'a.ndjson')), { signal }),
  )
  t.equal(failure, 'no')
  t.strictSame(targets, [])
  t.strictSame(readdirSync(dir), [])
})

t.test('run: an abort by a step leaves the existing file and closes the connection', async t => {
  const { origin, connections } = await serveLeads(t, someLeads(300, 3))
  const client = openClient(t, origin)
  const reason = new Error('enough')
  for (const asynchronous of [false, true]) {
    const dir = t.testdir({ 'a.ndjson': 'old\n' })
    const controller = new AbortController()
    let n = 0
    const step = (lead: unknown) => {
      n += 1
      if (n === 150) controller.abort(reason)
      return asynchronous ? turns(1).then(() => lead) : lead
    }
    const source = leads(client, { max: 50, paging: 'offset' })
    const failing = run(source, map(step), toFile(join(dir, 'a.ndjson')), { signal: controller.signal })
    t.equal(await failureOf(failing), reason)
    t.ok(source.closed)
    t.ok(n < 153, `${n} steps`)
    t.strictSame(readdirSync(dir), ['a.ndjson'])
    t.equal(readFileSync(join(dir, 'a.ndjson'), 'utf8'), 'old\n')
  }
  await client.close()
  t.equal(await eventually(connections, 0), 0)
})

t.test('run: an abort does not wait for a step that never settles', async t => {
  const controller = new AbortController()
  void turns(10).then(() => controller.abort('enough'))
  const failing = run(
    [1],
    map(() => new Promise(() => {})),
    sink(),
    { signal: controller.signal },
  )
  t.equal(await failureOf(failing), 'enough')
})

t.test('run: an abort does not wait for a write or a response that never ends', async t => {
  const { origin } = await listen(t, () => {})
  const own = new Writable({ objectMode: true, write() {} })
  for (const stages of [
    [[1], own],
    [leads(openClient(t, origin)), sink()],
  ] as const) {
    const controller = new AbortController()
    void turns(20).then(() => controller.abort('enough'))
    const anyRun = run as (...stages: unknown[]) => Promise<unknown>
    t.equal(await failureOf(anyRun(...stages, { signal: controller.signal })), 'enough')
  }
})

t.test('run: an abort by the signal of leads() rejects with its reason', async t => {
  const { origin } = await serveLeads(t, someLeads(300))
  const controller = new AbortController()
  const reason = new Error('enough')
  const source = leads(openClient(t, origin), { max: 10, signal: controller.signal })
  const look = filter(() => {
    controller.abort(reason)
    return true
  })
  t.equal(await failureOf(run(source, look, sink())), reason)
})

t.test('run: after its end, no listener is left on the signal', async t => {
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
    listeners += 1
    addEventListener.apply(signal, given)
  }
  signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
    listeners -= 1
    removeEventListener.apply(signal, given)
  }
  t.match(await run([1], sink(), { signal }), { records: 1 })
  await failureOf(run([1n], toFile(join(t.testdir(), 'a.ndjson')), { signal }))
  t.equal(listeners, 0)
  controller.abort()
  await turns(2)
})

t.test('run: twelve runs can share a signal without a process warning', async t => {
  const warnings = processEvents(t, 'warning')
  const controller = new AbortController()
  const failing = Array.from({ length: 12 }, () =>
    failureOf(run(endless(), sink(), { signal: controller.signal })),
  )
  await turns(5)
  controller.abort('enough')
  t.strictSame(await Promise.all(failing), Array(12).fill('enough'))
  await turns(2)
  t.strictSame(warnings, [])
})

/** Runs until `enough` returns true; returns the report. */
async function progressOf(options: RunOptions, enough: () => boolean) {
  const until = async function* () {
    for (let n = 0; !enough(); n += 1) {
      yield n
      await turns(1)
    }
  }
  return run(
    until(),
    filter((n: number) => n % 2 === 0),
    sink(),
    options,
  )
}

t.test('run: onProgress is called with the counts so far, and not after the end', async t => {
  const reports: Report[] = []
  const onProgress = (progress: Report) => reports.push(progress)
  const report = await progressOf({ onProgress, progressInterval: 10 }, () => reports.length >= 3)
  const before = reports.length
  t.ok(before >= 3)
  for (const [index, progress] of reports.entries()) {
    t.ok(progress.read >= (reports[index - 1]?.read ?? 0))
    t.ok(progress.read <= report.read)
    t.match(progress, { operators: [{ name: 'filter', in: Number }], sink: { received: Number } })
  }
  t.strictSame(Object.keys(reports[0] ?? {}), Object.keys(report))
  await turns(5)
  t.equal(reports.length, before)
})

for (const [how, onProgress] of Object.entries<() => unknown>({
  throws() {
    throw new Error('no room')
  },
  rejects: async () => {
    throw new Error('no room')
  },
  'throws a text': () => {
    throw 'no room'
  },
})) {
  t.test(`run: an onProgress that ${how} fails the run with OPTION`, async t => {
    const onEnd = { called: false }
    const source = endless(() => {
      onEnd.called = true
    })
    const options = { onProgress: onProgress as () => void, progressInterval: 10 }
    t.match(await failureOf(run(source, sink(), options)), {
      code: 'OPTION',
      message: 'run(): onProgress: expected a function that does not throw, received one that threw: no room',
      report: { read: Number },
    })
    t.equal(await eventually(() => onEnd.called, true), true)
  })
}

t.test('run: no timer is left, however the run ends', async t => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = timers()
  const onProgress = () => {}
  await run([1], sink(), { onProgress })
  await run(endless(), take(3), sink(), { onProgress })
  await failureOf(run([1], toArray({ max: 1 }).destroy(), { onProgress }))
  await failureOf(
    run(
      [1],
      map(() => {
        throw new Error('boom')
      }),
      sink(),
      { onProgress },
    ),
  )
  await failureOf(run(Readable.from([1]), sink(), { onProgress, signal: AbortSignal.abort() }))
  t.equal(timers(), before)
})
