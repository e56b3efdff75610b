import t, { type Test } from 'tap'
import type { CheckpointOptions, Lead, LeadsOptions, LeadsQuery, Operator } from '../../lib/index.ts'
import { peek } from '../../lib/operators/peek.ts'
import { take } from '../../lib/operators/take.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal, type Portal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { portalClient } from '../support/portalClient.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const began = Date.UTC(2026, 2, 1, 12)

/** A portal whose clock the test sets. */
async function openPortal(t: Test, count: number) {
  const clock = { time: began }
  const portal = await createPortal({
    now: () => clock.time,
    leads: Array.from({ length: count }, (_, n) => aLead(`lead-${n}`, began - day + n * 1_000)),
  })
  t.after(() => portal.close())
  return { portal, clock }
}

const aLead = (guid: string, time: number) => ({ guid, insertedAt: time, lastModifiedAt: time })

interface Given {
  checkpoint?: Partial<CheckpointOptions>
  onLead?: (lead: Lead) => void
  signal?: AbortSignal
  query?: LeadsQuery
  options?: LeadsOptions
  operators?: () => Operator<Lead, Lead>
  to?: string
}

/** Exports a window of changed leads. */
function exportWindow(t: Test, work: Workplace, portal: Portal, given: Given = {}) {
  const { checkpoint, onLead = () => {}, signal, query, options } = given
  return runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { timePivot: 'lastModifiedAt', max: 10, ...query, ...options }),
    operators: given.operators?.() ?? peek(onLead),
    sink: toFile(work.file(given.to ?? 'changed-{date}.ndjson')),
    checkpoint: { whenFinished: 'next', version: '1', ...checkpoint },
    signal,
  })
}

const versionOf = ({ guid, lastModifiedAt }: Lead) => `${guid} at ${lastModifiedAt}`
const exports = (work: Workplace) => work.names.filter(name => name.startsWith('changed-'))

t.test("checkpoint: whenFinished 'next' reads from the end of the last window, less the overlap", async t => {
  const { portal, clock } = await openPortal(t, 25)
  const work = new Workplace(t)
  const first = await exportWindow(t, work, portal)
  const end = began - minute
  t.match(first, {
    read: 25,
    window: { timePivot: 'lastModifiedAt', stopTime: end },
    checkpoint: { starts: 1 },
  })
  t.equal(first.window?.startTime, undefined)

  clock.time = began + day
  // At the start of the overlap, a millisecond later, within it, at its end, and after it.
  const times = [end - 10 * minute, end - 10 * minute + 1, end - 1, end, end + 1, end + day, end + day + 1]
  portal.insert(times.map((time, n) => aLead(`new-${n}`, time)))
  const second = await exportWindow(t, work, portal)
  t.match(second, {
    window: { timePivot: 'lastModifiedAt', startTime: end - 10 * minute, stopTime: end + day },
    checkpoint: { starts: 1 },
  })
  t.strictSame(exports(work), ['changed-2026-03-01.ndjson', 'changed-2026-03-02.ndjson'])
  t.strictSame(
    work.lines<Lead>('changed-2026-03-02.ndjson').map(({ guid }) => guid),
    ['new-1', 'new-2', 'new-3', 'new-4', 'new-5'],
  )

  clock.time = began + 2 * day
  const third = await exportWindow(t, work, portal, { checkpoint: { overlap: 0 } })
  t.match(third, { read: 1, window: { startTime: end + day, stopTime: end + 2 * day } })
  t.strictSame(
    work.lines<Lead>('changed-2026-03-03.ndjson').map(({ guid }) => guid),
    ['new-6'],
  )
})

t.test('checkpoint: the next window does not begin before the startTime of the query', async t => {
  const { portal, clock } = await openPortal(t, 5)
  const work = new Workplace(t)
  const query = { startTime: began - 5 * minute }
  await exportWindow(t, work, portal, { query })
  clock.time += minute
  t.match(await exportWindow(t, work, portal, { query }), {
    window: { startTime: began - 5 * minute, stopTime: began },
  })
})

t.test('checkpoint: each change that becomes visible within the overlap is in some window', async t => {
  for (const seed of [1, 2, 3]) {
    const { portal, clock } = await openPortal(t, 40)
    const work = new Workplace(t)
    let state = seed
    const chance = (below: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    const guids = Array.from({ length: 40 }, (_, n) => `lead-${n}`)
    const last = new Map<string, string>()
    const change = () => {
      clock.time += chance(5_000)
      if (chance(3) === 0) {
        // A lead that was created some time ago and becomes visible now.
        const lead = aLead(`late-${guids.length}`, clock.time - chance(9 * minute))
        guids.push(lead.guid)
        portal.insert([lead])
        last.set(lead.guid, versionOf(lead))
      } else {
        const lead = portal.update(guids[chance(guids.length)] as string, {})
        last.set(lead.guid, versionOf(lead))
      }
    }
    for (let window = 0; window < 6; window += 1) {
      for (let n = 0; n < 12; n += 1) change()
      clock.time += chance(3) === 0 ? chance(2 * minute) : day
      const abort = new AbortController()
      const stop = window % 2 === 0 ? chance(15) : -1
      let seen = 0
      const given: Given = {
        to: 'changed-{time}.ndjson',
        signal: abort.signal,
        checkpoint: { every: { leads: 3 } },
        onLead() {
          if (seen === stop) abort.abort('no more')
          seen += 1
          if (chance(3) === 0) change()
        },
      }
      await exportWindow(t, work, portal, given).catch(error => t.equal(error, 'no more'))
      // An unfinished window resumes, however much later.
      if (abort.signal.aborted) {
        clock.time += chance(2) * day
        await exportWindow(t, work, portal, { ...given, signal: undefined, onLead: change })
      }
    }
    clock.time += day
    await exportWindow(t, work, portal, { to: 'changed-{time}.ndjson' })
    const found = new Set(exports(work).flatMap(name => work.lines<Lead>(name).map(versionOf)))
    t.ok(last.size > 40)
    t.strictSame(
      [...last.values()].filter(version => !found.has(version)),
      [],
      `seed ${seed}`,
    )
    for (const name of exports(work)) {
      const versions = work.lines<Lead>(name).map(versionOf)
      t.equal(new Set(versions).size, versions.length, `${name}: each version once`)
    }
  }
})

t.test('checkpoint: a window that resumes on another day keeps its end and its file name', async t => {
  const { portal, clock } = await openPortal(t, 30)
  const work = new Workplace(t)
  const abort = new AbortController()
  let seen = 0
  const onLead = () => {
    seen += 1
    if (seen === 12) abort.abort('no')
  }
  await failureOf(exportWindow(t, work, portal, { onLead, signal: abort.signal }))
  t.strictSame(exports(work), [work.partial('changed-2026-03-01.ndjson')])
  clock.time += 3 * day
  portal.insert([aLead('later', clock.time - hour)])
  t.match(await exportWindow(t, work, portal), { read: 30, window: { stopTime: began - minute } })
  t.strictSame(exports(work), ['changed-2026-03-01.ndjson'])
  t.match(await exportWindow(t, work, portal), { read: 1, window: { stopTime: began + 3 * day - minute } })
  t.strictSame(exports(work), ['changed-2026-03-01.ndjson', 'changed-2026-03-04.ndjson'])
})

t.test('checkpoint: a window without changes is an empty file, which the next may replace', async t => {
  const { portal, clock } = await openPortal(t, 5)
  const work = new Workplace(t)
  await exportWindow(t, work, portal)
  for (const later of [0, hour]) {
    clock.time = began + day + later
    t.match(await exportWindow(t, work, portal), { read: 0, records: 0 })
    t.equal(work.contents('changed-2026-03-02.ndjson'), '')
  }
  clock.time += hour
  portal.insert([aLead('new', clock.time - 2 * minute)])
  t.match(await exportWindow(t, work, portal), { read: 1 })
  t.equal(work.lines('changed-2026-03-02.ndjson').length, 1)
})

t.test('checkpoint: a file with records is not replaced by the next window: a CHECKPOINT error', async t => {
  const names: [to: string, name: string, sendsRequests: boolean][] = [
    // The file is checked before the first request, unless its name depends on the server's clock.
    ['changed.ndjson', 'changed.ndjson', false],
    ['changed.json', 'changed.json', false],
    ['changed.ndjson.gz', 'changed.ndjson.gz', false],
    ['changed-{date}.ndjson', 'changed-2026-03-01.ndjson', true],
  ]
  for (const [to, name, sendsRequests] of names) {
    const { portal, clock } = await openPortal(t, 5)
    const work = new Workplace(t)
    await exportWindow(t, work, portal, { to })
    clock.time += hour
    portal.insert([aLead('new', clock.time - 2 * minute)])
    const { everything } = work
    const { requestCount } = portal
    t.match(await failureOf(exportWindow(t, work, portal, { to })), {
      code: 'CHECKPOINT',
      message: new RegExp(
        `${name} holds the 5 records of the last window, and the next window would replace them; move the file away, or put \\{date\\} or \\{time\\} into its name$`,
      ),
    })
    t.strictSame(work.everything, everything, to)
    t.equal(portal.requestCount > requestCount, sendsRequests)
    work.rename(name, 'moved')
    t.match(await exportWindow(t, work, portal, { to }), { read: 1 })
  }
})

t.test('checkpoint: the next window does not replace a quarantine or dead letters', async t => {
  const { portal, clock } = await openPortal(t, 5)
  const { origin } = await listen(t, (request, response) => {
    request.resume().on('end', () => response.writeHead(422).end())
  })
  const client = portalClient(t, portal)
  const sides: Record<string, (work: Workplace) => Promise<unknown>> = {
    'rejected.ndjson': work =>
      run(
        leads(client, { timePivot: 'lastModifiedAt' }),
        validate({
          schema: { type: 'object', required: ['firstName'] },
          onInvalid: 'quarantine',
          quarantine: work.file('rejected.ndjson'),
        }),
        toFile(work.file('changed-{time}.ndjson')),
        { checkpoint: { path: work.checkpoint, whenFinished: 'next' } },
      ),
    'refused.ndjson': work =>
      run(
        leads(client, { timePivot: 'lastModifiedAt' }),
        toHttp(origin, { onRefused: 'dead-letter', deadLetter: toFile(work.file('refused.ndjson')) }),
        { checkpoint: { path: work.checkpoint, whenFinished: 'next' } },
      ),
  }
  for (const [name, begin] of Object.entries(sides)) {
    const work = new Workplace(t)
    await begin(work)
    t.equal(work.lines(name).length, 5)
    clock.time += hour
    const { everything } = work
    t.match(await failureOf(begin(work)), {
      code: 'CHECKPOINT',
      message: new RegExp(`${name} holds the 5 records of the last window`),
    })
    t.strictSame(work.everything, everything)
    work.rename(name, 'moved')
    t.match(await begin(work), { records: 0 })
  }
})

t.test('checkpoint: the option limit counts the leads of each window separately', async t => {
  const { portal, clock } = await openPortal(t, 30)
  const work = new Workplace(t)
  const options = { limit: 35 }
  t.match(await exportWindow(t, work, portal, { options }), { read: 30 })
  clock.time += day
  portal.insert(Array.from({ length: 20 }, (_, n) => aLead(`new-${n}`, clock.time - hour + n)))
  t.match(await exportWindow(t, work, portal, { options }), { read: 20 })
})

const cut: Record<string, { given: Given }> = {
  take: { given: { operators: () => take<Lead>(10) } },
  'a limit': {
    given: { options: { limit: 10 } },
  },
}
for (const [what, { given }] of Object.entries(cut)) {
  t.test(`checkpoint: there is no next window after one that ${what} ended early`, async t => {
    const { portal, clock } = await openPortal(t, 30)
    const work = new Workplace(t)
    t.match(await exportWindow(t, work, portal, given), { read: what === 'take' ? Number : 10 })
    clock.time += day
    const before = work.everything
    const { requestCount } = portal
    t.match(await failureOf(exportWindow(t, work, portal, given)), {
      code: 'CHECKPOINT',
      message:
        /the last window was not read to its end, because of a limit or an operator that ended the run/,
    })
    t.equal(portal.requestCount, requestCount)
    t.strictSame(work.everything, before)
    t.match(await exportWindow(t, work, portal, { ...given, checkpoint: { whenFinished: 'stop' } }), {
      records: 10,
    })
  })
}
