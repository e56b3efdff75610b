import t, { type Test } from 'tap'
import { type ContactsAsLeadsOptions, contactsAsLeads, type Report } from '../../../lib/index.ts'
import { peek } from '../../../lib/operators/peek.ts'
import type { Portal } from '../../../lib/portal/index.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { startPortal } from '../../portal/helpers/startPortal.ts'
import { failureOf } from '../../support/failureOf.ts'
import { portalClient } from '../../support/portalClient.ts'
import { runWithCheckpoint } from '../../support/runWithCheckpoint.ts'
import { Workplace } from '../../support/Workplace.ts'

const form = 'fcbd0c1834a14534adfc1f0197801048'
const time = 1_400_000_000_000

/** A portal that calls `onRequest.call` for each request. */
async function watchedPortal(t: Test, { leads = 250, others = 0, contactsV1 = true }) {
  const onRequest = { call: () => {} }
  const now = () => {
    onRequest.call()
    return Date.now()
  }
  const portal = await startPortal(t, { leads, contactsV1, now })
  for (let n = 0; n < others; n += 1) {
    portal.submit(form, { conversionId: `other-${n}`, submittedAt: time + (n % 1_000) })
  }
  return { portal, onRequest }
}

interface Export {
  options?: ContactsAsLeadsOptions
  onMoment?: () => void
  onLead?: () => void
  every?: number
}

async function exportTo(
  t: Test,
  work: Workplace,
  portal: Portal,
  { options, onMoment, onLead = () => {}, every = 20 }: Export = {},
): Promise<Report> {
  const unmatched = work.file('unmatched.ndjson')
  return await runWithCheckpoint(work, {
    source: contactsAsLeads(portalClient(t, portal, { concurrency: 1 }), { unmatched, ...options }),
    waits: true,
    operators: peek(onLead),
    sink: toFile(work.file('leads.ndjson')),
    every,
    checkpoint: { whenFinished: 'stop', version: '1' },
    ...(onMoment === undefined ? {} : { onMoment }),
  })
}

const outcome = (work: Workplace, { submissions, leads, operators }: Report) => ({
  ...{ leads: work.contents('leads.ndjson'), unmatched: work.contents('unmatched.ndjson') },
  report: { submissions, leads, operators },
})

for (const contactsV1 of [true, false]) {
  const how = contactsV1 ? 'with' : 'without'
  t.test(
    `contactsAsLeads: ${how} the old list, a restart after a kill at any moment writes the same files`,
    async t => {
      const work = new Workplace(t)
      const { portal, onRequest } = await watchedPortal(t, { others: 130, contactsV1 })
      // A kill loses what was not written: a copy of the folder is what it leaves.
      const keep = () => work.keep('saved')
      let leads = 0
      onRequest.call = keep
      const expected = outcome(
        work,
        await exportTo(t, work, portal, {
          onMoment: keep,
          onLead: () => {
            leads += 1
            if (leads % 17 === 0) keep()
          },
        }),
      )
      onRequest.call = () => {}
      t.ok(expected.report.submissions?.unmatched && expected.unmatched.split('\n').length > 130)
      t.strictSame(work.names, ['checkpoint.json', 'leads.ndjson', 'unmatched.ndjson'])
      t.ok(work.snapshots.length > 40)
      for (const [index, snapshot] of work.snapshots.entries()) {
        work.goBack(snapshot)
        const { checkpoint, ...report } = await exportTo(t, work, portal)
        t.strictSame(outcome(work, report), expected, `kill ${index}, found ${checkpoint?.found}`)
        t.strictSame(work.names, ['checkpoint.json', 'leads.ndjson', 'unmatched.ndjson'])
      }
    },
  )
}

t.test('contactsAsLeads: an abort at any request or lead, and a restart, write the same files', async t => {
  const work = new Workplace(t)
  const { portal, onRequest } = await watchedPortal(t, { others: 30 })
  let events = 0
  let onEvent = () => {}
  const count = () => {
    events += 1
    onEvent()
  }
  onRequest.call = count
  const expected = outcome(work, await exportTo(t, work, portal, { onLead: count }))
  const all = events
  for (let at = 1; at <= all; at += at < 20 ? 1 : 23) {
    work.clear()
    events = 0
    const controller = new AbortController()
    const { signal } = controller
    onEvent = () => events === at && controller.abort(new Error('enough'))
    const failure = await failureOf(exportTo(t, work, portal, { options: { signal }, onLead: count }))
    t.match(failure, { message: 'enough' })
    onEvent = () => {}
    t.strictSame(outcome(work, await exportTo(t, work, portal)), expected, `at ${at} of ${all}`)
  }
})

t.test('contactsAsLeads: a restart does not read again what the file of submissions has', async t => {
  const work = new Workplace(t)
  const others = 12_000
  const { portal, onRequest } = await watchedPortal(t, { leads: 20, others })
  let requests = 0
  const isSubmissions = () => portal.requests.at(-1)?.url.includes('/submissions/') === true
  let stopAt = 230
  onRequest.call = () => {
    if (isSubmissions()) requests += 1
    if (requests === stopAt) work.keep('saved')
  }
  const expected = outcome(work, await exportTo(t, work, portal))
  const pages = requests
  stopAt = -1
  const [killed] = work.snapshots
  if (killed === undefined) throw new Error('the file was not kept')
  work.goBack(killed)
  requests = 0
  t.strictSame(outcome(work, await exportTo(t, work, portal)), expected)
  t.ok(requests < pages - 190, `${requests} pages instead of ${pages}`)
})
