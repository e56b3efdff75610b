import { deepStrictEqual } from 'node:assert/strict'
import t, { type Test } from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { originOf, Rejected } from '../../lib/stage/Rejected.ts'
import { failureOf } from '../support/failureOf.ts'
import { instantClock } from '../support/instantClock.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { withRejected } from '../support/withRejected.ts'

const offsetOf = (target = '') => Number(new URL(target, 'http://x').searchParams.get('offset') ?? 0)

/** A source that delivers elements that are not leads, as `run` opens it for a `validate`. */
function leadsWithRejected(client: HubSpotClient, options: LeadsOptions = {}) {
  return withRejected(leadsByOffset(client, { maxLeadBytes: 30, maxDepth: 3, ...options }), true)
}

/** A text for each item: the guid of a lead, or the problem of a rejected element. */
const inWords = (received: readonly unknown[]) =>
  received.map(item =>
    item instanceof Rejected ? `${item.problem}: ${item.raw}` : String((item as { guid: unknown }).guid),
  )

/** Elements as texts: leads, and elements of every kind that are not leads. */
const texts = [
  '{"guid":"a"}',
  'null',
  '{"guid" : tru}',
  '{"guid":"b", "n":1.0}',
  `{"guid":"large","text":"${'\\"é'.repeat(20)}"}`,
  '[{"guid":"in an array"}]',
  '{"guid":"c"}',
  '{"guid":"deep","n":[[[]]]}',
  '"a \\u00e9"',
  '7.10',
]
const words = [
  'a',
  'not a lead: null',
  'malformed: {"guid" : tru}',
  'b',
  'too large: {"guid":"large","text":"\\"é\\"',
  'not a lead: [{"guid":"in an array"}]',
  'c',
  'too deep: {"guid":"deep","n":[[[]]]}',
  'not a lead: "a \\u00e9"',
  'not a lead: 7.10',
]

/** A server that lists these texts, `size` a page. */
function serveTexts(t: Test, list: readonly string[], size: number) {
  return listen(t, (request, response) => {
    const offset = offsetOf(request.url)
    response.end(`[ ${list.slice(offset, offset + size).join(', ')} ]`)
  })
}

t.test(
  'rejected elements: each is delivered in its place, with its exact text, page, element and byte',
  async t => {
    const { origin } = await serveTexts(t, texts, 4)
    const source = leadsWithRejected(openClient(t, origin))
    const received: unknown[] = await source.toArray()
    t.strictSame(inWords(received), words)
    const places = received.map(item => {
      const { page, element, byte } = item instanceof Rejected ? item.location : (originOf(item) ?? {})
      return [page, element, byte]
    })
    let byte = 0
    t.strictSame(
      places,
      texts.map((text, index) => {
        if (index % 4 === 0) byte = 2
        const place = [1 + Math.floor(index / 4), index % 4, byte]
        byte += Buffer.byteLength(text) + 2
        return place
      }),
    )
    t.strictSame(
      received.map(item => (item instanceof Rejected ? undefined : originOf(item)?.raw)),
      texts.map(text => (['a', 'b', 'c'].some(guid => text.includes(`:"${guid}"`)) ? text : undefined)),
    )
    const messages = new Set(received.flatMap(item => (item instanceof Rejected ? [item.message] : [])))
    t.strictSame(
      [...messages],
      [
        'it is null, expected a lead (an object)',
        'it is not valid JSON',
        'it is larger than maxLeadBytes (30)',
        'it is an array, expected a lead (an object)',
        'it is nested deeper than maxDepth (3)',
        'it is a string, expected a lead (an object)',
        'it is a number, expected a lead (an object)',
      ],
    )
    const { scanned, decoded, malformed, delivered, rejected } = source.counts
    t.strictSame(
      { scanned, decoded, malformed, delivered, rejected },
      {
        scanned: 10,
        decoded: 7,
        malformed: 3,
        delivered: 3,
        rejected: 7,
      },
    )
  },
)

t.test(
  'rejected elements: after a cut at any byte each arrives once and in order, and the counts add up',
  async t => {
    let cut = 0
    let requests = 0
    const { origin } = await listen(t, (request, response) => {
      requests += 1
      const body = Buffer.from(`[${texts.slice(offsetOf(request.url)).join(',')}]`)
      response.end(requests === 1 ? body.subarray(0, cut) : body)
    })
    const client = openClient(t, origin, {}, instantClock)
    const length = Buffer.byteLength(`[${texts.join(',')}]`)
    for (cut = 0; cut < length; cut += 1) {
      requests = 0
      const source = leadsWithRejected(client)
      deepStrictEqual(inWords(await source.toArray()), words, `${cut} bytes`)
      const { scanned, decoded, malformed, delivered, rejected, retries } = source.counts
      deepStrictEqual([scanned, decoded, malformed, delivered, rejected], [10, 7, 3, 3, 7], `${cut} bytes`)
      t.equal(retries, 1, `${cut} bytes`)
    }
  },
)

t.test(
  'rejected elements: if no operator takes them, the first ends the source with DECODE and its place',
  async t => {
    for (const [text, message] of [
      ['null', 'page 1, byte 16: element 1: it is null, expected a lead (an object)'],
      ['tru', 'page 1, byte 16: the element that begins here is not valid JSON'],
      [`"${'x'.repeat(40)}"`, 'page 1, byte 16: an element is larger than maxLeadBytes (30)'],
    ] as const) {
      const { origin, targets } = await serveTexts(t, ['{"guid":"a"}', text, '{"guid":"b"}'], 4)
      const received: unknown[] = []
      const source = leadsByOffset(openClient(t, origin), { maxLeadBytes: 30, highWaterMark: 1 })
      const error = await failureOf(async () => {
        for await (const { guid } of source) received.push(guid)
      })
      t.match(error, { code: 'DECODE', retryable: false, message })
      t.strictSame(received, ['a'])
      t.equal(targets.length, 1)
      t.equal(source.counts.rejected, 0)
    }
  },
)

t.test(
  'rejected elements: the stream-json lane delivers elements that are not objects, serialized again',
  async t => {
    const { origin } = await serveTexts(t, ['{"guid":"a"}', 'null', '[1, 2]', '7.10', '{"guid":"b"}'], 3)
    const source = leadsWithRejected(openClient(t, origin), { decode: 'stream-json' })
    t.strictSame(inWords(await source.toArray()), [
      'a',
      'not a lead: null',
      'not a lead: [1,2]',
      'not a lead: 7.1',
      'b',
    ])
    t.match(source.counts, { scanned: 5, decoded: 5, malformed: 0, delivered: 2, rejected: 3 })
  },
)

t.test('rejected elements: the limit counts only leads, and paging counts every element', async t => {
  const { origin, targets } = await serveTexts(t, texts, 100)
  const source = leadsWithRejected(openClient(t, origin), { limit: 3 })
  t.strictSame(inWords(await source.toArray()), words.slice(0, 7))
  t.match(source.counts, { delivered: 3, rejected: 4 })
  t.equal(targets.length, 1)
  const { origin: capped, targets: cappedTargets } = await serveTexts(t, texts, 2)
  await leadsWithRejected(openClient(t, capped), { limit: 3 }).toArray()
  t.strictSame(cappedTargets.map(offsetOf), [0, 2, 4, 6])
})

t.test(
  '"endless loops at a page boundary": a rejected element at the start of a page does not hide its repetition',
  async t => {
    for (const first of ['null', 'tru', `"${'x'.repeat(40)}"`]) {
      const { origin, targets } = await listen(t, (_request, response) => {
        response.end(`[${first},{"guid":"a"},{"guid":"b"}]`)
      })
      // One at a time: pages that are read ahead would be counted, too.
      const client = openClient(t, origin, { concurrency: 1 })
      const error = await failureOf(leadsWithRejected(client).toArray())
      // Inserts may move so short a page, but not ten times in a row.
      t.match(error, { code: 'PAGING', context: { guid: 'a', offset: 30, previousOffset: 27 } })
      t.equal(targets.length, 11)
    }
  },
)

t.test('rejected elements: a page of only rejected elements is followed by the next', async t => {
  const { origin, targets } = await serveTexts(t, ['null', '1', 'tru', '{"guid":"a"}'], 2)
  t.strictSame(inWords(await leadsWithRejected(openClient(t, origin)).toArray()), [
    'not a lead: null',
    'not a lead: 1',
    'malformed: tru',
    'a',
  ])
  t.strictSame(targets.map(offsetOf), [0, 2, 4])
})
