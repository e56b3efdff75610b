import t, { type Test } from 'tap'
import type { Lead, LeadsOptions, LeadsQuery } from '../../lib/index.ts'
import { peek } from '../../lib/operators/peek.ts'
import { createPortal, type Portal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { portalClient } from '../support/portalClient.ts'
import { Workplace } from '../support/Workplace.ts'
import { watchSaves } from '../support/watchSaves.ts'

const began = 1_000_000
/** Two leads per millisecond; every fifth is deleted. */
const list = Array.from({ length: 100 }, (_, n) => ({
  guid: `lead-${n}`,
  insertedAt: began + Math.floor(n / 2),
  email: `${n}@example.com`,
  isDeleted: n % 5 === 0,
}))
const sink = () => toArray({ max: 1_000 })
const source = (t: Test, portal: Portal, query?: LeadsQuery, options?: LeadsOptions) =>
  leads(portalClient(t, portal), { ...query, ...options })

const queries: LeadsQuery[] = [
  {},
  { includeDeleted: true },
  { search: '7@' },
  { search: 'nobody' },
  { startTime: began + 10 },
  { stopTime: began + 20 },
  { startTime: began + 10, stopTime: began + 20, max: 7 },
  { timePivot: 'lastConvertedAt' },
]

for (const startTime of ['inclusive', 'exclusive'] as const) {
  for (const stopTime of ['inclusive', 'exclusive'] as const) {
    t.test(`reconcile: startTime ${startTime}, stopTime ${stopTime}: matching equals delivered`, async t => {
      const portal = await createPortal({ leads: list, startTime, stopTime })
      t.after(() => portal.close())
      for (const query of queries) {
        const report = await run(source(t, portal, query), sink(), { reconcile: true })
        const { matching, delivered } = report.reconciliation ?? {}
        t.equal(matching, delivered, JSON.stringify(query))
        t.equal(delivered, report.read)
      }
    })
  }
}

t.test('reconcile: a window whose bounds are equal matches no lead', async t => {
  const portal = await createPortal({ leads: list, startTime: 'inclusive' })
  t.after(() => portal.close())
  const query = { startTime: began + 10, stopTime: began + 10 }
  const report = await run(source(t, portal, query), sink(), { reconcile: true })
  t.same(report.reconciliation, { matching: 0, delivered: 0 })
})

t.test('reconcile: N leads are counted with about 2 log2 N requests of one lead', async t => {
  const portal = await createPortal({ leads: 1_000 })
  t.after(() => portal.close())
  const report = await run(source(t, portal, { includeDeleted: true }), sink(), { reconcile: true })
  const probes = portal.requests.slice(report.source?.requests)
  t.ok(probes.length <= 2 * Math.log2(1_000) + 2, `${probes.length} requests`)
  t.ok(probes.length >= Math.log2(1_000))
  for (const { url } of probes) t.equal(new URL(url, portal.origin).searchParams.get('max'), '1')
  t.same(report.reconciliation, { matching: 1_000, delivered: 1_000 })
})

t.test('reconcile: leads deleted during the run show as a difference and do not fail it', async t => {
  const portal = await createPortal({ leads: list })
  t.after(() => portal.close())
  let seen = 0
  const deleting = peek((_: Lead) => {
    seen += 1
    if (seen === 40) for (const n of [1, 2, 3]) portal.update(`lead-${n}`, { isDeleted: true })
  })
  const report = await run(source(t, portal, { max: 10 }), deleting, sink(), { reconcile: true })
  t.same(report.reconciliation, { matching: 77, delivered: 80 })
})

t.test('reconcile: leads that were read before a restart count as delivered', async t => {
  const portal = await createPortal({ leads: list })
  t.after(() => portal.close())
  const work = new Workplace(t)
  const abort = new AbortController()
  let seen = 0
  const start = () =>
    run(
      source(t, portal, { max: 10 }),
      peek(() => {
        seen += 1
        if (seen === 40) abort.abort('no')
      }),
      toFile(work.file('out.ndjson')),
      { checkpoint: work.checkpoint, reconcile: true, signal: seen === 0 ? abort.signal : undefined },
    )
  t.equal(await failureOf(start()), 'no')
  t.match(await start(), { reconciliation: { matching: 80, delivered: 80 }, checkpoint: { starts: 2 } })
})

for (const bound of ['inclusive', 'exclusive'] as const) {
  t.test(`reconcile: ${bound} bounds: a finished run is counted within its window`, async t => {
    const portal = await createPortal({ leads: list, startTime: bound, stopTime: bound })
    t.after(() => portal.close())
    for (const paging of ['seek', 'offset'] as const) {
      const work = new Workplace(t)
      const query = { startTime: began + 10, stopTime: began + 20 }
      const start = (reconcile: boolean) =>
        run(source(t, portal, query, { paging }), toFile(work.file('out.ndjson')), {
          checkpoint: { path: work.checkpoint, whenFinished: 'stop' },
          reconcile,
        })
      const { read } = await start(false)
      t.match(await start(true), {
        reconciliation: { matching: read, delivered: read },
        checkpoint: { starts: 1 },
      })
    }
  })
}

t.test('reconcile: a run that is resumed after prepare is counted', async t => {
  const portal = await createPortal({ leads: list })
  t.after(() => portal.close())
  const work = new Workplace(t)
  const start = () =>
    run(source(t, portal), watchSaves(toFile(work.file('out.ndjson')), work.keep), {
      checkpoint: work.checkpoint,
      reconcile: true,
    })
  await start()
  for (const snapshot of work.snapshots.filter(({ moment }) => moment !== 'saved')) {
    work.goBack(snapshot)
    t.match(await start(), { reconciliation: { matching: 80, delivered: 80 }, checkpoint: { starts: 2 } })
  }
})

t.test('reconcile: an abort during the count rejects the run', async t => {
  const portal = await createPortal({ leads: list })
  t.after(() => portal.close())
  const abort = new AbortController()
  const from = source(t, portal)
  // The list has been read, and the count has not begun.
  from.once('close', () => abort.abort('no'))
  t.equal(await failureOf(run(from, sink(), { reconcile: true, signal: abort.signal })), 'no')
})

t.test(
  'reconcile: a portal that cannot be counted fails the run; the error says that everything is written',
  async t => {
    const portal = await createPortal({ leads: list })
    t.after(() => portal.close())
    const work = new Workplace(t)
    let isBroken = false
    const { origin } = await listen(t, async (request, response) => {
      const target = new URL(request.url ?? '', portal.origin)
      const answer = await fetch(target)
      isBroken ||= target.searchParams.get('max') === '1'
      response.statusCode = isBroken ? 401 : answer.status
      response.end(await answer.text())
    })
    const begin = (at: string) =>
      run(leads(openClient(t, at, { accessToken: portal.accessToken })), toFile(work.file('out.ndjson')), {
        reconcile: true,
      })
    const error = await failureOf(begin(origin))
    t.match(error, {
      code: 'AUTH',
      message: /^everything is written, but the matching records could not be counted: .*401/,
      report: { read: 80, records: 80 },
    })
    t.equal(work.lines('out.ndjson').length, 80)
  },
)

t.test('reconcile: a source that cannot be counted is an OPTION error before the first request', async t => {
  const portal = await createPortal({ leads: list })
  t.after(() => portal.close())
  const from = { paging: 'offset', leads: 5, offset: 5 } as const
  const refused = [
    [source(t, portal, { guids: ['lead-1'] }), 'leads(): guids', 'none', 'a list of guids'],
    [source(t, portal, { offset: 5 }), 'leads(): offset', 'none', '5'],
    [source(t, portal, {}, { limit: 5 }), 'leads(): limit', 'none', '5'],
    [source(t, portal, {}, { from }), 'leads(): from', 'none', 'a position'],
    [
      [{ guid: 'lead-1' }],
      'run(): source',
      'a source whose records the server counts, such as leads() or contacts(),',
      'another source',
    ],
  ] as const
  for (const [from, option, expected, received] of refused) {
    t.match(await failureOf(run(from as never, sink(), { reconcile: true })), {
      code: 'OPTION',
      message: `${option}: expected ${expected} with reconcile, received ${received}`,
    })
  }
  t.equal(portal.requestCount, 0)
})
