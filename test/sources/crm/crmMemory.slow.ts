import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { contacts } from '../../../lib/index.ts'
import { compileChild } from '../../support/compileChild.ts'
import { leastPeak } from '../../support/leastPeak.ts'
import { openClient } from '../../support/openClient.ts'
import { plainNode } from '../../support/plainNode.ts'
import { longNames, serveContacts } from '../../support/serveContacts.ts'
import { stillness } from '../../support/stillness.ts'

const options = { properties: longNames, associations: ['companies'] }

t.test(
  'contacts: while the source is not read, no more is requested than readAheadBytes and a page for each connection',
  async t => {
    const count = 8_000
    const { origin, targets } = await serveContacts(t, count)
    const kinds: [kind: string, path: string][] = [
      ['list', '/crm/objects/2026-09/contacts?'],
      ['records', '/batch/read'],
    ]
    for (const readAheadBytes of [0, 4_000_000, 16_000_000]) {
      targets.length = 0
      const concurrency = 4
      const client = openClient(t, origin, { concurrency })
      const source = contacts(client, { ...options, readAheadBytes, highWaterMark: 1 })
      const iterator = source[Symbol.asyncIterator]()
      // Ten pages are read one after the other, until it is known how the ids are spread.
      let received = 0
      for (; received < 2_050; received += 1) t.equal((await iterator.next()).value?.id, String(received + 1))
      await stillness(source)
      t.comment(readAheadBytes, source.counts.bytes, targets.length)
      for (const [kind, path] of kinds) t.comment(kind, targets.filter(target => target.includes(path)).length)
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) received += 1
      t.equal(received, count)
      await client.close()
    }
  },
)

/** Megabytes by which the peak memory for the long list may exceed that for the short one. */
const tolerance = 40

// The timeout suits a busy machine.
t.setTimeout(600_000)
t.test(`contacts: 50,000 by batch read peak within ${tolerance} MB of 2,500`, async t => {
  const script = await compileChild('exportContacts', join(t.testdir(), 'compiled'))
  async function peak(count: number): Promise<number> {
    const { origin } = await serveContacts(t, count)
    const [command, ...node] = plainNode
    const { stdout } = await promisify(execFile)(command, [...node, script, origin, longNames.join()])
    const { records, bytes, peakMegabytes } = JSON.parse(stdout)
    t.equal(records, count)
    t.ok(bytes > 10_000 * count, `${bytes} bytes were written`)
    return peakMegabytes
  }
  const short = await leastPeak(() => peak(2_500), 0)
  const long = await leastPeak(() => peak(50_000), short + tolerance)
  t.comment(`peak memory: ${Math.round(short)} MB for 2,500, ${Math.round(long)} MB for 50,000`)
  t.ok(long < short + tolerance, `${short} MB and ${long} MB`)
})
