import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, rmdirSync } from 'node:fs'
import type { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { partialsOf } from '../support/partialOf.ts'
import { receive } from '../support/receive.ts'
import { Workplace } from '../support/Workplace.ts'

/*
 * A checkpoint that can't be saved, at any save of a run: the place of its temporary file is taken by a directory.
 */

const portal = await createPortal({
  leads: Array.from({ length: 120 }, (_, n) => ({
    guid: `lead-${n}`,
    insertedAt: 1_000_000 + n,
    ...(n % 3 === 1 ? { score: 'high' } : {}),
  })),
})
t.teardown(() => portal.close())

function start(t: Test, work: Workplace, sink: Writable) {
  return run(
    leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 10 }),
    validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson') }),
    sink,
    { checkpoint: { path: work.checkpoint, every: { leads: 20 } } },
  )
}

/** Takes the place of the temporary file when the sinks have flushed for a save; gives what makes room again. */
function takePlace(work: Workplace, phase: string, nth: number): () => void {
  const place = work.file('checkpoint.json.tmp')
  let flushes = 0
  const listen = (message: unknown) => {
    const told = message as { phase: string; step: string }
    if (told.phase !== phase || told.step !== 'flushed') return
    flushes += 1
    if (flushes === nth) mkdirSync(place)
  }
  subscribe('leadpipe:checkpoint', listen)
  return () => {
    unsubscribe('leadpipe:checkpoint', listen)
    rmdirSync(place)
  }
}

const moments: [phase: 'running' | 'prepared' | 'committed', nth: number, before: string | undefined][] = [
  ['running', 1, undefined],
  ['running', 2, 'running'],
  ['prepared', 1, 'running'],
  ['committed', 1, 'prepared'],
]
for (const [phase, nth, before] of moments) {
  const when = `at save ${nth} of the phase "${phase}"`

  t.test(
    `a checkpoint that can't be saved ${when} fails the run, and files go on from the last one`,
    async t => {
      for (const name of ['out.ndjson', 'out.json.gz']) {
        const work = new Workplace(t)
        const undisturbed = await start(t, work, toFile(work.file(name)))
        const [contents, rejected] = [work.contents(name), work.lines<{ raw: string }>('rejected.ndjson')]
        work.clear()

        const makeRoom = takePlace(work, phase, nth)
        t.match(await failureOf(start(t, work, toFile(work.file(name)))), {
          code: 'CHECKPOINT',
          message: /checkpoint\.json: it can't be written: /,
          context: { path: work.checkpoint },
          report: { checkpoint: { starts: 1 } },
        })
        makeRoom()
        t.equal(work.has('checkpoint.json') ? work.saved.phase : undefined, before)
        const isRenamed = phase === 'committed'
        t.equal(work.has(name), isRenamed)
        t.equal(partialsOf(work.file(name)).length, isRenamed ? 0 : 1, 'what was written stays')

        const report = await start(t, work, toFile(work.file(name)))
        t.equal(work.contents(name), contents)
        t.strictSame(
          work.lines<{ raw: string }>('rejected.ndjson').map(({ raw }) => raw),
          rejected.map(({ raw }) => raw),
        )
        t.strictSame(countsOf(report), countsOf(undisturbed))
        t.strictSame(work.names, ['checkpoint.json', name, 'rejected.ndjson'])
      }
    },
  )

  t.test(`a checkpoint that can't be saved ${when} fails the run, and the same batches go out`, async t => {
    const work = new Workplace(t)
    const receiver = await receive(t)
    const { origin, arrivals } = receiver
    const sink = () => toHttp(origin, { batch: { records: 7 } })
    const makeRoom = takePlace(work, phase, nth)
    t.match(await failureOf(start(t, work, sink())), {
      code: 'CHECKPOINT',
      context: { path: work.checkpoint },
    })
    makeRoom()
    t.equal(work.has('checkpoint.json') ? work.saved.phase : undefined, before)
    if (before === undefined) t.strictSame(arrivals, [], 'the first save comes before the first record')
    const { records } = await start(t, work, sink())
    const bodies = new Map(arrivals.map(({ key, text }) => [key, text]))
    t.equal(new Set(bodies.values()).size, bodies.size, 'no batch goes out under two keys')
    t.equal([...bodies.values()].flatMap(text => text.trim().split('\n')).length, records)
  })
}
