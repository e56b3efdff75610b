import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { receive } from '../support/receive.ts'
import { Workplace } from '../support/Workplace.ts'

/** A work folder with the quarantine of an earlier run. */
function workAfter(t: Test, name: string): Workplace {
  const work = new Workplace(t)
  writeFileSync(work.file(name), 'from before\n')
  return work
}

const quarantining = (quarantine: string | ReturnType<typeof toFile>) =>
  validate({ onInvalid: 'quarantine', quarantine })

t.test('fail: a run that fails before it quarantines a lead leaves the old quarantine', async t => {
  const { origin } = await listen(t, (_request, response) => response.writeHead(401).end())
  for (const name of ['rejected.ndjson', 'rejected.ndjson.gz']) {
    const work = workAfter(t, name)
    for (const quarantine of [work.file(name), toFile(work.file(name))]) {
      const outcome = run(
        leads(openClient(t, origin)),
        quarantining(quarantine),
        toFile(work.file('out.ndjson')),
      )
      t.match(await failureOf(outcome), { code: 'AUTH', report: { quarantined: 0 } })
      t.strictSame(work.names, [name])
      t.equal(Buffer.from(work.everything[name] as string, 'base64').toString(), 'from before\n')
    }
  }
})

t.test('fail: an abort or failed sink before a lead is quarantined leaves the old quarantine', async t => {
  const work = workAfter(t, 'rejected.ndjson')
  const begin = (source: Iterable<object> | Readable, signal?: AbortSignal) =>
    run(source, quarantining(work.file('rejected.ndjson')), toFile(work.file('out.ndjson')), { signal })
  const abort = new AbortController()
  const waiting = failureOf(begin(new Readable({ objectMode: true, read() {} }), abort.signal))
  setImmediate(() => abort.abort('no'))
  t.equal(await waiting, 'no')
  const circular: Record<string, unknown> = { guid: 'a' }
  circular.self = circular
  t.match(await failureOf(begin([circular])), { code: 'SINK' })
  t.equal(work.contents('rejected.ndjson'), 'from before\n')
})

t.test('fail: leads quarantined before a failure replace the old quarantine', async t => {
  const work = workAfter(t, 'rejected.ndjson')
  const source = Readable.from(
    (function* () {
      yield { guid: 5 }
      throw new Error('no more')
    })(),
  )
  const outcome = run(source, quarantining(work.file('rejected.ndjson')), toFile(work.file('out.ndjson')))
  t.match(await failureOf(outcome), { code: 'SOURCE' })
  t.match(work.lines('rejected.ndjson'), [{ raw: '{"guid":5}' }])
})

t.test('run: a run that succeeds without an invalid lead writes an empty quarantine', async t => {
  const work = workAfter(t, 'rejected.ndjson')
  await run([{ guid: 'a' }], quarantining(work.file('rejected.ndjson')), toFile(work.file('out.ndjson')))
  t.equal(work.contents('rejected.ndjson'), '')
})

t.test('fail: a run that fails without a dead letter leaves the old dead letters', async t => {
  const work = workAfter(t, 'refused.ndjson')
  for (const [status, code] of [
    [500, 'SINK'],
    [401, 'SINK'],
  ] as const) {
    const { origin } = await receive(t, (_arrival, response) => void response.writeHead(status).end())
    const sink = toHttp(origin, {
      onRefused: 'dead-letter',
      deadLetter: toFile(work.file('refused.ndjson')),
      retry: { retries: 0 },
    })
    t.match(await failureOf(run([{ guid: 'a' }], sink)), { code })
    t.equal(work.contents('refused.ndjson'), 'from before\n')
  }
})
