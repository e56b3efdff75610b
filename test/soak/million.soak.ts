import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { compileChild } from '../support/compileChild.ts'
import { listen } from '../support/listen.ts'
import { plainNode } from '../support/plainNode.ts'
import { ManyLeads } from './ManyLeads.ts'

/** Megabytes by which the heap in use may grow: 20 bytes per lead of a million. */
const live = 20
/**
 * Megabytes by which the peak may grow. Bodies read ahead have 12 MiB at most, three times that in memory, and as
 * much again may be garbage at the worst moment; whether that is early or late is chance.
 */
const peak = 100

t.setTimeout(24 * 3_600_000)
t.test('leads: the memory of an export of a million leads by seek paging does not grow', async t => {
  const many = new ManyLeads(Number(process.env.SOAK_LEADS ?? 1_000_000))
  let requests = 0
  const { origin } = await listen(t, (request, response) => {
    requests += 1
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    response.setHeader('content-type', 'application/json').end(many.page(searchParams))
  })
  const dir = t.testdir()
  const script = await compileChild('exportMany', dir)
  const path = join(dir, 'leads.ndjson')
  const [command, ...node] = plainNode
  const { stdout } = await promisify(execFile)(command, [
    ...node,
    '--expose-gc',
    script,
    origin,
    path,
    String(many.count),
  ])
  const { report, memory } = JSON.parse(stdout)

  const seconds = report.duration / 1_000
  t.comment(
    `${report.records} leads in ${Math.round(seconds)} s, ${Math.round(report.records / seconds)} a second, ${requests} requests, ${report.checkpoint.saves} saves`,
  )
  for (const { share, peakMegabytes, liveMegabytes } of memory) {
    t.comment(
      `at ${100 * share} % of the leads: ${liveMegabytes} MB in use, ${peakMegabytes} MB at most so far`,
    )
  }
  const [early, , late] = memory
  // At the end, nothing is read ahead.
  t.ok(late.liveMegabytes < early.liveMegabytes + live, 'the memory in use is about that of the first tenth')
  t.ok(late.peakMegabytes < early.peakMegabytes + peak, 'the peak is about that of the first tenth')
  t.equal(report.records, many.count)
  t.ok(requests < (many.count / 100) * 1.5 + 100, 'few pages are requested twice')

  const expected = many.inOrder()
  let wrong = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const next = expected.next()
    if (next.done || JSON.parse(line).guid !== many.guidOf(next.value)) wrong += 1
  }
  t.equal(wrong, 0, 'the leads are in order')
  t.ok(expected.next().done, 'no lead is missing')
})
