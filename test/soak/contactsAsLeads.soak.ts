import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { compileChild } from '../support/compileChild.ts'
import { listen } from '../support/listen.ts'
import { plainNode } from '../support/plainNode.ts'
import { ManyContacts } from './ManyContacts.ts'

/** Megabytes by which the heap in use may grow. */
const live = 20
/** Megabytes by which the peak may grow: as for leads. */
const peak = 100

t.setTimeout(24 * 3_600_000)
const script = await compileChild('joinMany', t.testdir())

for (const withCheckpoint of [false, true]) {
  const how = withCheckpoint ? 'with' : 'without'
  t.test(
    `contactsAsLeads: a million contacts with three million submissions, ${how} a checkpoint`,
    async t => {
      const many = new ManyContacts(Number(process.env.SOAK_CONTACTS ?? 1_000_000))
      const { origin, targets } = await listen(t, (request, response) => {
        targets.length = 0
        const body = JSON.stringify(many.answer(request.url ?? ''))
        response.setHeader('content-type', 'application/json').end(body)
      })
      const path = join(t.testdir(), 'leads.ndjson')
      const [command, ...node] = plainNode
      const options = [origin, path, String(many.count), ...(withCheckpoint ? [`${path}.checkpoint`] : [])]
      const { stdout } = await promisify(execFile)(command, [...node, '--expose-gc', script, ...options])
      const { report, memory, spooled, seconds } = JSON.parse(stdout)

      const { contacts, submissions, legacy } = many.requests
      t.comment(
        `${report.records} leads, ${report.submissions.read} submissions, ${Math.round(seconds)} s of CPU`,
      )
      t.comment(`${contacts} + ${submissions} + ${legacy} requests`)
      t.comment(
        `all submissions are read: ${spooled.liveMegabytes} MB in use, ${spooled.peakMegabytes} MB at most so far`,
      )
      for (const { share, peakMegabytes, liveMegabytes } of memory) {
        t.comment(
          `at ${100 * share} % of the leads: ${liveMegabytes} MB in use, ${peakMegabytes} MB at most so far`,
        )
      }
      const [early, , late] = memory
      t.ok(
        late.liveMegabytes < early.liveMegabytes + live,
        'the memory in use is about that of the first tenth',
      )
      t.ok(late.peakMegabytes < early.peakMegabytes + peak, 'the peak is about that of the first tenth')
      t.ok(spooled.liveMegabytes < late.liveMegabytes + live, 'no submission is in memory')
      t.ok(spooled.peakMegabytes < 600, 'most of the peak is garbage of the list of submissions')

      // As in a list of contacts, of submissions for each form, and of the old list.
      t.ok(contacts < 1.05 * (many.count / 100) + 20, `${contacts} pages of contacts`)
      t.ok(submissions < 1.05 * (many.submissions / 50) + 20, `${submissions} pages of submissions`)
      t.ok(legacy < 1.05 * (many.count / 100) + 20, `${legacy} pages of the old list`)

      t.equal(report.records, many.count)
      t.match(report.submissions, {
        read: many.submissions,
        joined: { conversionId: 3 * many.count, time: 0, email: 0 },
        unmatched: many.unmatched,
      })
      let wrong = 0
      let contact = 0
      for await (const line of createInterface(createReadStream(path))) {
        if (line !== JSON.stringify(many.leadOf(contact))) wrong += 1
        contact += 1
      }
      t.equal(wrong, 0, 'each contact has its submissions')
    },
  )
}
