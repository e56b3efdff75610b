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

/**
 * Megabytes. What is read ahead is 16 MiB of bodies at most, three times that in memory, and how much of it is
 * garbage at the worst moment is chance; a list that kept 100 bytes of each lead would grow by more.
 */
const tolerance = 64

t.setTimeout(24 * 3_600_000)
t.test('the memory for very many leads, read by seeking, does not grow', async t => {
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
  const { stdout } = await promisify(execFile)(command, [...node, script, origin, path, String(many.count)])
  const { report, memory } = JSON.parse(stdout)

  const seconds = report.duration / 1_000
  t.comment(
    `${report.records} leads in ${Math.round(seconds)} s, ${Math.round(report.records / seconds)} a second, ${requests} requests, ${report.checkpoint.saves} saves`,
  )
  for (const { share, peakMegabytes, megabytes } of memory) {
    t.comment(`at ${100 * share} % of the leads: ${megabytes} MB now, ${peakMegabytes} MB at most so far`)
  }
  const [early, , late] = memory
  t.ok(late.peakMegabytes < early.peakMegabytes + tolerance, 'the peak is that of the first tenth')
  t.equal(report.records, many.count)
  t.ok(requests < (many.count / 100) * 1.5 + 100, 'little is asked for twice')

  const expected = many.inOrder()
  let wrong = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const next = expected.next()
    if (next.done || JSON.parse(line).guid !== many.guidOf(next.value)) wrong += 1
  }
  t.equal(wrong, 0, 'each lead is in its place')
  t.ok(expected.next().done, 'none is missing')
})
