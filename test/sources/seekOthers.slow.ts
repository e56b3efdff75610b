import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { leads } from '../../lib/sources/leads.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'
import { type Listed, listServer, type Reading } from '../support/ListServer.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { withRejected } from '../support/withRejected.ts'

const origin = 1_300_000_000_000

/** Elements of every kind; those without a place in the order have a number to identify them. */
const kinds: Record<string, (time: number, n: number) => Listed> = {
  lead: (time, n) => {
    const guid = `g${String(n).padStart(3, '0')}`
    return { text: JSON.stringify({ guid, insertedAt: time }), time, guid }
  },
  'a lead without a guid': (time, n) => ({ text: JSON.stringify({ n, insertedAt: time }), time, guid: '' }),
  'a time that is not an integer': (time, n) => {
    const guid = `h${n}`
    return { text: JSON.stringify({ guid, insertedAt: time + 0.5 }), time: time + 0.5, guid }
  },
  'a time that is a text': (time, n) => {
    const guid = `t${n}`
    return { text: JSON.stringify({ guid, insertedAt: `${time}` }), time, guid }
  },
  malformed: (time, n) => ({ text: `{"n":${n},}`, time, guid: '' }),
  'not a lead': (time, n) => ({ text: `[${n}]`, time, guid: '' }),
}

interface Course {
  elements: { kind: string; gap: number }[]
  max: number
  concurrency: number
  reading: Reading
  left: number
}

async function readAndCheck(t: Test, { elements, max, concurrency, reading, left }: Course): Promise<void> {
  let time = origin
  const list = elements.map(({ kind, gap }, n) => {
    time += gap
    return (kinds[kind] as (time: number, n: number) => Listed)(time, n)
  })
  const { origin: url, server } = await listen(t, listServer(list, reading))
  const client = openClient(t, url, { concurrency })
  const texts: string[] = []
  const read = async (options: object, count: number) => {
    const source = withRejected(leads(client, { max, ...options }))
    if (count > 0) {
      for await (const lead of source) {
        texts.push(
          (lead as unknown) instanceof Rejected ? (lead as unknown as Rejected).raw : JSON.stringify(lead),
        )
        count -= 1
        if (count === 0) break
      }
    }
    return JSON.parse(JSON.stringify(source.position))
  }
  const from = await read({}, left)
  await read({ from }, Number.POSITIVE_INFINITY)
  await client.close()
  server.close()
  deepStrictEqual(texts.toSorted(), list.map(({ text }) => text).toSorted())
  const orderedTexts = texts.filter(text => text.startsWith('{"guid":"g'))
  const expected = list
    .filter(({ guid }) => guid.startsWith('g'))
    .toSorted((a, b) => a.time - b.time || (a.guid < b.guid ? -1 : 1))
  deepStrictEqual(
    orderedTexts,
    expected.map(({ text }) => text),
  )
}

const bound = fc.constantFrom('inclusive' as const, 'exclusive' as const)
const courses: fc.Arbitrary<Course> = fc.record({
  elements: fc.array(
    fc.record({
      kind: fc.oneof({ weight: 4, arbitrary: fc.constant('lead') }, fc.constantFrom(...Object.keys(kinds))),
      gap: fc.constantFrom(0, 0, 1, 2, 1_000, 100_000),
    }),
    { maxLength: 120 },
  ),
  max: fc.integer({ min: 12, max: 30 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  reading: fc.record({ startTime: bound, stopTime: bound, reorders: fc.boolean() }),
  left: fc.integer({ min: 0, max: 120 }),
})

const runs = Number(process.env.RUNS ?? 150)
t.setTimeout(300_000 + runs * 1_000)

t.test(
  'seek paging: elements without a guid or time, and those that are not leads, arrive exactly once, wherever they are',
  async t => {
    await fc.assert(
      fc.asyncProperty(courses, course => readAndCheck(t, course)),
      { numRuns: runs, endOnFailure: true },
    )
  },
)

t.test(
  'seek paging: a time at which no element has a guid is resumed correctly, wherever it was left',
  async t => {
    const elements = [
      { kind: 'lead', gap: 0 },
      ...['a lead without a guid', 'malformed', 'not a lead', 'a lead without a guid'].map(kind => ({
        kind,
        gap: 0,
      })),
      { kind: 'lead', gap: 5 },
    ].map((element, n) => (n === 1 ? { ...element, gap: 1_000 } : element))
    const reading = { startTime: 'inclusive', stopTime: 'inclusive' } as const
    for (let left = 0; left <= elements.length; left += 1) {
      for (const concurrency of [1, 3])
        await readAndCheck(t, { elements, max: 12, concurrency, reading, left })
    }
  },
)

t.test('seek paging: a server that caps max hides nothing after a page without a time', async t => {
  const texts = (...list: string[]) => list.map((text, n) => ({ text, time: origin + n, guid: '' }))
  const lead = `{"guid":"a","insertedAt":${origin + 3}}`
  const reading = { startTime: 'exclusive', stopTime: 'inclusive' } as const
  const read = async (list: Listed[]) => {
    const { origin: url } = await listen(t, listServer(list, reading, 2))
    const received: string[] = []
    const source = withRejected(leads(openClient(t, url)))
    for await (const one of source) received.push((one as unknown as Rejected).raw)
    return received
  }
  await t.rejects(read(texts('[0]', '[1]', '[2]', lead)), {
    code: 'PAGING',
    message:
      /^more elements follow a page on which none has insertedAt; set paging to 'offset' to read this list/,
  })
  t.strictSame(await read(texts('[0]', '[1]')), ['[0]', '[1]'])
})

t.test(
  'seek paging: no element is lost or repeated between windows, even if ties change their order',
  async t => {
    const list = Array.from({ length: 400 }, (_, n) => {
      const time = origin + n * 7
      return ['lead', 'malformed', 'lead', 'not a lead'].map((kind, k) =>
        (kinds[kind] as (time: number, n: number) => Listed)(time, 4 * n + k),
      )
    }).flat()
    for (const startTime of ['inclusive', 'exclusive'] as const) {
      const reading = { startTime, stopTime: 'inclusive', reorders: true } as const
      const { origin: url } = await listen(t, listServer(list, reading))
      const source = withRejected(leads(openClient(t, url, { concurrency: 4 })))
      const texts: string[] = []
      for await (const one of source) {
        texts.push(
          (one as unknown) instanceof Rejected ? (one as unknown as Rejected).raw : JSON.stringify(one),
        )
      }
      t.strictSame(texts.toSorted(), list.map(({ text }) => text).toSorted())
    }
  },
)
