import type { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import type { Lead, Quarantined } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { peek } from '../../lib/operators/peek.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { portalClient } from '../support/portalClient.ts'
import { reshapingProxy } from '../support/reshapingProxy.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const count = 120

/** Every third is an invalid lead, every seventh is not a lead. */
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

/** Serves the same list by time: the portal's leads, every seventh replaced by a text. Returns the origin. */
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

interface Given {
  onMoment?: (moment: Moment) => void
  /** Called for each valid lead. */
  onLead?: (guid: string) => void
  signal?: AbortSignal
  every?: number
  maxInvalid?: number
  /** Whether elements wait while a checkpoint is saved. Default: false. */
  waits?: boolean
}

/** Start a server for each kind of paging; they return its origin. */
const servers = {
  offset: async (t: Test) => (await serveLeads(t, elements)).origin,
  seek: byTime,
} as const

type Server = [paging: keyof typeof servers, origin: string]

/** Exports the leads of a server to a file and a quarantine. */
function exportFrom(
  t: Test,
  work: Workplace,
  [paging, origin]: Server,
  { onMoment, onLead = () => {}, signal, every = 10, maxInvalid, waits = false }: Given = {},
) {
  const client = openClient(t, origin, { accessToken: portal.accessToken })
  const source =
    paging === 'seek' ? leads(client, { max: 25, readAheadBytes: 0 }) : leadsByOffset(client, { max: 25 })
  const operators = compose(
    validate({ onInvalid: 'quarantine', quarantine: work.file('rejected.ndjson'), maxInvalid }),
    paced<Lead>(waits),
    peek(({ guid }) => onLead(String(guid))),
  )
  return runWithCheckpoint(work, {
    source,
    operators,
    sink: toFile(work.file('out.ndjson')),
    every,
    signal,
    onMoment,
  })
}

/** What the two files contain, without the time, page and byte of a quarantined element. */
const outcomeOf = (work: Workplace) => ({
  out: work.contents('out.ndjson'),
  rejected: work.lines<Quarantined>('rejected.ndjson').map(({ raw, code }) => `${code} ${raw}`),
})

for (const paging of ['offset', 'seek'] as const) {
  t.test(
    `checkpoint: ${paging} paging: resumed from any save, a run loses or repeats no line of the quarantine`,
    async t => {
      const work = new Workplace(t)
      const server: Server = [paging, await servers[paging](t)]
      const undisturbed = await exportFrom(t, work, server, { onMoment: work.keep, waits: true })
      t.equal(undisturbed.quarantined, invalid)
      t.equal(undisturbed.records, count - invalid)
      const expected = outcomeOf(work)
      t.equal(new Set(expected.rejected).size, invalid)
      t.ok(work.snapshots.length > 10)
      work.clear()
      await exportFrom(t, work, server, { onMoment: work.keep })
      t.strictSame(outcomeOf(work), expected, 'saved while elements arrive')
      for (const snapshot of work.snapshots) {
        work.goBack(snapshot)
        const report = await exportFrom(t, work, server)
        t.strictSame(outcomeOf(work), expected, snapshot.moment)
        t.strictSame(countsOf(report), countsOf(undisturbed))
        t.strictSame(work.names, ['checkpoint.json', 'out.ndjson', 'rejected.ndjson'])
      }
    },
  )

  t.test(`checkpoint: ${paging}: after an abort, the next run continues the quarantine file`, async t => {
    const work = new Workplace(t)
    const server: Server = [paging, await servers[paging](t)]
    const undisturbed = await exportFrom(t, work, server)
    const expected = outcomeOf(work)
    work.clear()
    for (const after of [5, 20, 1, 13]) {
      const abort = new AbortController()
      let seen = 0
      const outcome = exportFrom(t, work, server, {
        every: 7,
        signal: abort.signal,
        onLead() {
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
    t.strictSame(countsOf(await exportFrom(t, work, server)), countsOf(undisturbed))
    t.strictSame(outcomeOf(work), expected)
  })
}

t.test('checkpoint: after an operator failed, the next run continues the quarantine file', async t => {
  const work = new Workplace(t)
  const server: Server = ['seek', await byTime(t)]
  const undisturbed = await exportFrom(t, work, server)
  const expected = outcomeOf(work)
  work.clear()
  const failing = exportFrom(t, work, server, {
    onLead(guid) {
      if (guid === 'lead-60') throw new Error('no more')
    },
  })
  t.match(await failureOf(failing), { code: 'OPERATOR' })
  t.strictSame(work.names, ['checkpoint.json', work.partial('out.ndjson'), work.partial('rejected.ndjson')])
  t.strictSame(countsOf(await exportFrom(t, work, server)), countsOf(undisturbed))
  t.strictSame(outcomeOf(work), expected)
})

t.test('checkpoint: maxInvalid counts invalid leads over all restarts', async t => {
  const work = new Workplace(t)
  const server: Server = ['offset', await servers.offset(t)]
  const maxInvalid = invalid - 1
  // The last invalid lead fails the run, from whichever checkpoint it resumes.
  const error = await failureOf(exportFrom(t, work, server, { onMoment: work.keep, maxInvalid, waits: true }))
  t.match(error, { code: 'INVALID_LEAD', message: `${invalid} of` })
  t.ok(work.snapshots.length > 5)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    t.match(await failureOf(exportFrom(t, work, server, { maxInvalid })), {
      code: 'INVALID_LEAD',
      message: `${invalid} of`,
    })
  }
})

t.test('checkpoint: a quarantine can be a compressed file, and not toArray()', async t => {
  const work = new Workplace(t)
  const origin = await byTime(t)
  const begin = (quarantine: Writable, onMoment?: (moment: Moment) => void) =>
    runWithCheckpoint(work, {
      source: leads(portalClient(t, portal, { origin }), { max: 25, readAheadBytes: 0 }),
      operators: compose(validate({ onInvalid: 'quarantine', quarantine }), paced()),
      sink: toFile(work.file('out.ndjson')),
      every: 10,
      onMoment,
    })
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

t.test('checkpoint: a run that is saved after each element emits no process warning', async t => {
  const work = new Workplace(t)
  const warnings: unknown[] = []
  const listen = (warning: unknown) => warnings.push(warning)
  process.on('warning', listen)
  t.after(() => process.off('warning', listen))
  await exportFrom(t, work, ['offset', await servers.offset(t)], { every: 1, waits: true })
  await turns(2)
  t.strictSame(warnings, [])
})
