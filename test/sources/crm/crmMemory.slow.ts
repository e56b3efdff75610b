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

/** Bytes of a page with all its parts: its list, its records, their associations. */
const page = 1_350_000

t.test(
  'contacts: while the source is not read, at most readAheadBytes and a page are held, of records and associations',
  async t => {
    const count = 8_000
    const { origin, targets } = await serveContacts(t, count)
    for (const readAheadBytes of [0, 12_000_000, 50_000_000]) {
      targets.length = 0
      const client = openClient(t, origin, { concurrency: 4 })
      const source = contacts(client, { ...options, readAheadBytes, highWaterMark: 1 })
      const iterator = source[Symbol.asyncIterator]()
      // Ten pages are read one after the other, until it is known how the ids are spread.
      let received = 0
      for (; received < 2_050; received += 1)
        if ((await iterator.next()).value?.id !== String(received + 1)) t.fail(`after ${received}`)
      await stillness(source)
      const delivered = Math.ceil(received / 100)
      const held = source.counts.bytes - delivered * (source.counts.bytes / source.counts.pages) * 3
      t.ok(held <= readAheadBytes + page, `${held} bytes are held of ${readAheadBytes}`)
      if (readAheadBytes > 20 * page) t.ok(held >= readAheadBytes / 4, 'a part of readAheadBytes is used')
      // The definitions of the properties, and three requests for each page.
      const most = 1 + 3 * (delivered + 2 + Math.ceil(readAheadBytes / 1_200_000))
      t.ok(targets.length <= most, `${targets.length} requests of at most ${most}`)
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
t.test(`contacts: 50,000 by batch read peak within ${tolerance} MB of 25,000`, async t => {
  const script = await compileChild('exportContacts', join(t.testdir(), 'compiled'))
  const [command, ...node] = plainNode
  async function peak(count: number): Promise<number> {
    const { origin } = await serveContacts(t, count)
    const { stdout } = await promisify(execFile)(command, [...node, script, origin, longNames.join()])
    const { records, bytes, peakMegabytes } = JSON.parse(stdout)
    t.equal(records, count)
    t.ok(bytes > 10_000 * count, `${bytes} bytes were written`)
    return peakMegabytes
  }
  const short = await leastPeak(() => peak(25_000), 0)
  const long = await leastPeak(() => peak(50_000), short + tolerance)
  t.comment(`peak memory: ${Math.round(short)} MB for 25,000, ${Math.round(long)} MB for 50,000`)
  t.ok(long < short + tolerance, `${short} MB and ${long} MB`)
})
