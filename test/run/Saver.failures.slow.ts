import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdirSync, rmdirSync } from 'node:fs'
import type { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { checkpointTemporary } from '../support/checkpointTemporary.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { partialsOf } from '../support/partialOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'

/*
 * A checkpoint that cannot be saved, at any save of a run: a directory is at the path of its temporary file.
 */

const portal = await createPortal({
  leads: Array.from({ length: 120 }, (_, n) => ({
    guid: `lead-${n}`,
    insertedAt: 1_000_000 + n,
    ...(n % 3 === 1 ? { score: 'high' } : {}),
  })),
})
t.teardown(() => portal.close())

const exportInto = (t: Test, work: Workplace, sink: Writable) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 10 }),
    operators: validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson') }),
    sink,
    every: 20,
  })

/** Makes a directory at the path of the temporary file when the sinks have flushed for a save; returns what removes it. */
async function blockSave(work: Workplace, phase: string, nth: number): Promise<() => void> {
  const path = await checkpointTemporary(work.checkpoint)
  let flushes = 0
  const listen = (message: unknown) => {
    const { phase: savePhase, step } = message as { phase: string; step: string }
    if (savePhase !== phase || step !== 'flushed') return
    flushes += 1
    if (flushes === nth) mkdirSync(path)
  }
  subscribe('leadpipe:checkpoint', listen)
  return () => {
    unsubscribe('leadpipe:checkpoint', listen)
    rmdirSync(path)
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
    `checkpoint: a failed save ${when} is a CHECKPOINT error, and the next run resumes the files from the last save`,
    async t => {
      for (const name of ['out.ndjson', 'out.json.gz']) {
        const work = new Workplace(t)
        const undisturbed = await exportInto(t, work, toFile(work.file(name)))
        const [contents, rejected] = [work.contents(name), work.lines<{ raw: string }>('rejected.ndjson')]
        work.clear()

        const unblock = await blockSave(work, phase, nth)
        t.match(await failureOf(exportInto(t, work, toFile(work.file(name)))), {
          code: 'CHECKPOINT',
          message: /checkpoint\.json: it can't be written: /,
          context: { path: work.checkpoint },
          report: { checkpoint: { starts: 1 } },
        })
        unblock()
        t.equal(work.has('checkpoint.json') ? work.saved.phase : undefined, before)
        const isRenamed = phase === 'committed'
        t.equal(work.has(name), isRenamed)
        t.equal(
          partialsOf(work.file(name)).length,
          isRenamed || before === undefined ? 0 : 1,
          'the temporary file stays if the output is not renamed, and there is a checkpoint to resume it',
        )

        const report = await exportInto(t, work, toFile(work.file(name)))
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

  t.test(`checkpoint: after a failed save ${when}, the next run sends the same batches`, async t => {
    const work = new Workplace(t)
    const receiver = await receive(t)
    const { origin, arrivals } = receiver
    const sink = () => toHttp(origin, { batch: { records: 7 } })
    const unblock = await blockSave(work, phase, nth)
    t.match(await failureOf(exportInto(t, work, sink())), {
      code: 'CHECKPOINT',
      context: { path: work.checkpoint },
    })
    unblock()
    t.equal(work.has('checkpoint.json') ? work.saved.phase : undefined, before)
    if (before === undefined) t.strictSame(arrivals, [], 'no batch is sent before the first save')
    const { records } = await exportInto(t, work, sink())
    const bodies = new Map(arrivals.map(({ key, text }) => [key, text]))
    t.equal(new Set(bodies.values()).size, bodies.size, 'no batch is sent under two keys')
    t.equal([...bodies.values()].flatMap(text => text.trim().split('\n')).length, records)
  })
}
