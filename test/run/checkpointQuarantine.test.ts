import type { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Lead, Quarantined } from '../../lib/index.ts'
import { peek } from '../../lib/operators/peek.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { reshapingProxy } from '../support/reshapingProxy.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

const count = 120

/** Every third is invalid, every seventh no lead at all. */
const elements = Array.from({ length: count }, (_, n) => {
  if (n % 7 === 3) return `element ${n}`
  return { guid: `lead-${n}`, insertedAt: 1_000_000 + n, ...(n % 3 === 1 ? { score: 'high' } : {}) }
})
const invalid = elements.filter(element => typeof element === 'string' || 'score' in element).length

const portal = await createPortal({
  leads: Array.from({ length: count }, (_, n) => ({
    guid: `lead-${n}`,
    insertedAt: 1_000_000 + n,
    ...(n % 3 === 1 ? { score: 'high' } : {}),
  })),
})
t.teardown(() => portal.close())

/** The same list by time: the portal's leads, some of them replaced by what is none. */
const byTime = (t: Test) =>
  reshapingProxy(t, portal.origin, (body, response) => {
    const page = JSON.parse(body.toString()) as { guid: string }[]
    response.end(
      JSON.stringify(
        page.map(lead => {
          const n = Number(lead.guid.split('-')[1])
          return n % 7 === 3 ? `element ${n}` : lead
        }),
      ),
    )
  })

interface Start {
  look?: (moment: Moment) => void
  see?: (guid: string) => void
  signal?: AbortSignal
  every?: number
  maxInvalid?: number
  /** Whether no element comes while a checkpoint is saved. */
  waits?: boolean
}

/** The places where leads come from, and how they are read. */
const servers = {
  offset: async (t: Test) => (await serveLeads(t, elements)).origin,
  seek: byTime,
} as const

type Server = [paging: keyof typeof servers, origin: string]

function start(
  t: Test,
  work: Workplace,
  [paging, origin]: Server,
  { look = () => {}, see = () => {}, signal, every = 10, maxInvalid, waits = false }: Start = {},
) {
  const client = openClient(t, origin, { accessToken: portal.accessToken })
  const source =
    paging === 'seek' ? leads(client, { max: 25, readAheadBytes: 0 }) : leadsByOffset(client, { max: 25 })
  return run(
    source,
    validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson'), maxInvalid }),
    paced<Lead>(waits),
    peek(({ guid }) => see(String(guid))),
    watchSaves(toFile(work.file('out.ndjson')), look),
    { checkpoint: { path: work.checkpoint, every: { leads: every } }, signal },
  )
}

/** What is in the two files; the time, the page and the byte of a rejected element are of no interest. */
const outcomeOf = (work: Workplace) => ({
  out: work.contents('out.ndjson'),
  rejected: work.lines<Quarantined>('rejected.ndjson').map(({ raw, code }) => `${code} ${raw}`),
})

for (const paging of ['offset', 'seek'] as const) {
  t.test(
    `${paging}: from each checkpoint, no line of the quarantine is lost, and none comes twice`,
    async t => {
      const work = new Workplace(t)
      const server: Server = [paging, await servers[paging](t)]
      const undisturbed = await start(t, work, server, { look: work.keep, waits: true })
      t.equal(undisturbed.quarantined, invalid)
      t.equal(undisturbed.records, count - invalid)
      const expected = outcomeOf(work)
      t.equal(new Set(expected.rejected).size, invalid)
      t.ok(work.snapshots.length > 10)
      work.clear()
      await start(t, work, server, { look: work.keep })
      t.strictSame(outcomeOf(work), expected, 'saved while elements come')
      for (const snapshot of work.snapshots) {
        work.goBack(snapshot)
        const report = await start(t, work, server)
        t.strictSame(outcomeOf(work), expected, snapshot.moment)
        t.strictSame(countsOf(report), countsOf(undisturbed))
        t.strictSame(work.names, ['checkpoint.json', 'out.ndjson', 'rejected.ndjson'])
      }
    },
  )

  t.test(`${paging}: an abort leaves the quarantine where the next run goes on with it`, async t => {
    const work = new Workplace(t)
    const server: Server = [paging, await servers[paging](t)]
    const undisturbed = await start(t, work, server)
    const expected = outcomeOf(work)
    work.clear()
    for (const after of [5, 20, 1, 13]) {
      const abort = new AbortController()
      let seen = 0
      const outcome = start(t, work, server, {
        every: 7,
        signal: abort.signal,
        see() {
          seen += 1
          if (seen === after) abort.abort('enough')
        },
      })
      t.equal(await failureOf(outcome), 'enough')
      t.strictSame(work.names, [
        'checkpoint.json',
        work.partial('out.ndjson'),
        work.partial('rejected.ndjson'),
      ])
    }
    t.strictSame(countsOf(await start(t, work, server)), countsOf(undisturbed))
    t.strictSame(outcomeOf(work), expected)
  })
}

t.test('a step that fails leaves the quarantine where the next run goes on with it', async t => {
  const work = new Workplace(t)
  const server: Server = ['seek', await byTime(t)]
  const undisturbed = await start(t, work, server)
  const expected = outcomeOf(work)
  work.clear()
  const failing = start(t, work, server, {
    see(guid) {
      if (guid === 'lead-60') throw new Error('no more')
    },
  })
  t.match(await failureOf(failing), { code: 'OPERATOR' })
  t.strictSame(work.names, ['checkpoint.json', work.partial('out.ndjson'), work.partial('rejected.ndjson')])
  t.strictSame(countsOf(await start(t, work, server)), countsOf(undisturbed))
  t.strictSame(outcomeOf(work), expected)
})

t.test('maxInvalid counts over restarts', async t => {
  const work = new Workplace(t)
  const server: Server = ['offset', await servers.offset(t)]
  const maxInvalid = invalid - 1
  // The last of them fails the run: whatever it goes on from, it is one too many.
  const error = await failureOf(start(t, work, server, { look: work.keep, maxInvalid, waits: true }))
  t.match(error, { code: 'INVALID_LEAD', message: `${invalid} of` })
  t.ok(work.snapshots.length > 5)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    t.match(await failureOf(start(t, work, server, { maxInvalid })), {
      code: 'INVALID_LEAD',
      message: `${invalid} of`,
    })
  }
})

t.test('a quarantine may be a compressed file, and nothing that goes nowhere', async t => {
  const work = new Workplace(t)
  const origin = await byTime(t)
  const begin = (quarantine: Writable, look = (_: Moment) => {}) =>
    run(
      leads(openClient(t, origin, { accessToken: portal.accessToken }), { max: 25, readAheadBytes: 0 }),
      validate({ onInvalid: 'quarantine', quarantine }),
      paced(),
      watchSaves(toFile(work.file('out.ndjson')), look),
      { checkpoint: { path: work.checkpoint, every: { leads: 10 } } },
    )
  const toGzip = () => toFile(work.file('rejected.ndjson.gz'))
  await begin(toGzip(), work.keep)
  const expected = work.lines<Quarantined>('rejected.ndjson.gz').map(({ raw }) => raw)
  t.equal(expected.length, invalid)
  for (const snapshot of work.snapshots.filter((_, index) => index % 3 === 0)) {
    work.goBack(snapshot)
    await begin(toGzip())
    t.strictSame(
      work.lines<Quarantined>('rejected.ndjson.gz').map(({ raw }) => raw),
      expected,
    )
  }
  work.clear()
  t.match(await failureOf(begin(toArray({ max: 99 }))), {
    code: 'OPTION',
    message: /validate\(\): quarantine: expected a path or toFile\(\), which can be resumed, with checkpoint/,
  })
  t.strictSame(work.names, [])
})

t.test('a run that is saved behind every element warns of nothing', async t => {
  const work = new Workplace(t)
  const warnings: unknown[] = []
  const listen = (warning: unknown) => warnings.push(warning)
  process.on('warning', listen)
  t.after(() => process.off('warning', listen))
  await start(t, work, ['offset', await servers.offset(t)], { every: 1, waits: true })
  await turns(2)
  t.strictSame(warnings, [])
})
