import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { deferred } from '../../lib/async/promises.ts'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import { offsetPlan } from '../../lib/paging/offsetPlan.ts'
import { OrderedReader, type OrderedReaderOptions } from '../../lib/sources/OrderedReader.ts'
import type { PageSource } from '../../lib/sources/Page.ts'
import { noCounts } from '../../lib/sources/SourceCounts.ts'
import { failureOf } from '../support/failureOf.ts'
import {
  bodyOf,
  type NumbersRequest,
  numbers,
  numbersPlan,
  numbersSource,
  valuesOf,
} from '../support/fakePages.ts'
import { turns } from '../support/turns.ts'

type Options = OrderedReaderOptions<number, NumbersRequest, number>

/** The remaining values of a list. */
async function rest(reader: OrderedReader<number, NumbersRequest, number>): Promise<unknown[]> {
  const values: unknown[] = []
  for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
    values.push(...valuesOf(batch.items))
  return values
}

/** A source whose answers wait until the test releases them. */
function heldSource(width = 1) {
  const requested: number[] = []
  const held = new Map<number, () => void>()
  const source = numbersSource(async request => {
    requested.push(request.from)
    const answer = deferred()
    held.set(request.from, () => answer.resolve())
    await answer.promise
    held.delete(request.from)
    return bodyOf(request, width)
  })
  const answer = async (from: number) => {
    held.get(from)?.()
    await turns(5)
  }
  return { source, requested, held, answer }
}

const open = (given: Partial<Options> & Pick<Options, 'plan'>) =>
  new OrderedReader<number, NumbersRequest, number>({
    source: numbersSource(),
    width: 4,
    readAheadBytes: 1e6,
    ...given,
  })

t.test('OrderedReader: the list is in order, whatever the order of the answers', async t => {
  const { source, requested, answer } = heldSource()
  const reader = open({ plan: numbersPlan(12, 3, 3), source })
  const reading = rest(reader)
  await turns(5)
  t.strictSame(requested, [0], 'nothing is read ahead before the first page')
  await answer(0)
  t.strictSame(requested, [0, 3, 6, 9])
  for (const from of [9, 3, 6]) await answer(from)
  t.strictSame(await reading, numbers(0, 12))
})

t.test('OrderedReader: without read-ahead, pages are requested one after the other', async t => {
  for (const given of [{ readAheadBytes: 0 }, { width: 1 }]) {
    let underWay = 0
    let most = 0
    const source = numbersSource(async request => {
      underWay += 1
      most = Math.max(most, underWay)
      await turns(2)
      underWay -= 1
      return bodyOf(request)
    })
    t.strictSame(await rest(open({ plan: numbersPlan(20, 4, 2), source, ...given })), numbers(0, 20))
    t.equal(most, 1)
  }
})

t.test('OrderedReader: while it is not read, it reads ahead no more than readAheadBytes allows', async t => {
  // Pages of about 50,000 bytes, ten of which are a stretch.
  let bytes = 0
  const source = numbersSource(request => {
    const text = bodyOf(request, 5_000)
    bytes += text.length
    return text
  })
  const reader = open({ plan: numbersPlan(2_000, 100, 10), source, readAheadBytes: 500_000 })
  await reader.next()
  await turns(500)
  // The first page, the first stretch, and readAheadBytes exceeded by at most a page.
  t.ok(bytes <= 50_000 + 100_000 + 550_000, `${bytes} bytes`)
  t.strictSame((await rest(reader)).length, 1_990)
})

t.test(
  'OrderedReader: with a limit, no stretch is started if the ones before it are expected to suffice',
  async t => {
    let taken = 0
    const requests: NumbersRequest[] = []
    const source = numbersSource(request => {
      requests.push(request)
      return bodyOf(request)
    })
    const reader = open({ plan: numbersPlan(1_000, 10, 10), source, wanted: () => 35 - taken })
    for (let batch = await reader.next(); batch !== undefined && taken < 35; batch = await reader.next())
      taken += batch.items.length
    await reader.close()
    // One more than needed, since the caller's count does not include the present batch.
    t.ok(requests.length <= 5, JSON.stringify(requests))
    t.ok((requests.at(-1)?.max ?? 0) <= 10)
  },
)

t.test(
  'OrderedReader: a failure is thrown after everything before it, and nothing after it is delivered',
  async t => {
    const boom = new Error('boom')
    const source = {
      ...numbersSource(request => (request.from === 6 ? Promise.reject(boom) : bodyOf(request))),
      backOff: (error: unknown) => Promise.reject(error),
    }
    const reader = open({ plan: numbersPlan(12, 3, 3), source })
    const values: unknown[] = []
    const failure = await failureOf(
      (async () => {
        for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
          values.push(...valuesOf(batch.items))
      })(),
    )
    t.equal(failure, boom)
    t.strictSame(values, numbers(0, 6))
    await reader.close()
  },
)

t.test(
  'OrderedReader: values that were read ahead and not used are counted, and their connections are released',
  async t => {
    const bodies: Readable[] = []
    const counts = noCounts()
    const source = numbersSource(request => {
      const body = Readable.from([bodyOf(request)], { objectMode: false })
      bodies.push(body)
      return body
    })
    const reader = open({ plan: numbersPlan(100, 5, 5), source, counts })
    const first = await reader.next()
    await turns(20)
    await reader.close()
    t.ok(bodies.every(body => body.destroyed))
    t.equal(counts.decoded, (first?.items.length ?? 0) + counts.unused + counts.dropped)
    t.ok(counts.unused > 0)
  },
)

t.test('OrderedReader: stop ends the wait for a batch, and nothing more is requested', async t => {
  const { source, requested } = heldSource()
  const reader = open({
    plan: numbersPlan(100, 5, 5),
    source: {
      ...source,
      fetchPage: (request, signal) =>
        Promise.race([
          source.fetchPage(request, signal),
          new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ]),
    },
  })
  const reading = failureOf(reader.next())
  await turns(3)
  const before = requested.length
  reader.stop()
  t.match(await reading, { name: 'AbortError' })
  await reader.close()
  t.equal(requested.length, before)
})

t.test('OrderedReader: discarded stretches are dropped and planned again', async t => {
  // A server that sends two numbers a page, although five are requested.
  let next = 0
  const plan: Options['plan'] = {
    ...numbersPlan(0, 1, 1),
    next(wanted) {
      const from = next
      if (from >= 11 || wanted <= 0) return undefined
      const pager = {
        next: () => (received < 0 ? { from, max: Math.min(2, 11 - from) } : undefined),
        take: (element: never, emit: (element: never, cursor: number) => void) => {
          emit(element, 0)
          return undefined
        },
        finish(count: number) {
          received = count
        },
        interrupt: () => false,
      }
      let received = -1
      next = from + 5
      return { pager, expected: 5, order: from }
    },
    done({ order: place }) {
      next = place + 2
      return 'discard'
    },
  }
  const counts = noCounts()
  t.strictSame(await rest(open({ plan, counts })), numbers(0, 11))
  t.equal(counts.decoded, 11 + counts.unused)
})

t.test('OrderedReader: a list by offset with random short pages is read to its end', async t => {
  const guids = Array.from({ length: 43 }, (_, n) => ({ guid: `g${n}` }))
  const scenario = fc.record({
    delays: fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }),
    caps: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 7 }),
    width: fc.integer({ min: 2, max: 4 }),
  })
  await t.resolves(
    fc.assert(
      fc.asyncProperty(scenario, async ({ delays, caps, width }) => {
        let requests = 0
        const source: PageSource<Lead, PageQuery> = {
          ...numbersSource(),
          async fetchPage({ offset = 0, max = 0 }) {
            requests += 1
            const cap = Math.min(max, caps[requests % caps.length] as number)
            for (let turn = delays[requests % delays.length] as number; turn > 0; turn -= 1)
              await Promise.resolve()
            const text = JSON.stringify(guids.slice(offset, offset + cap))
            return { body: Readable.from([text], { objectMode: false }) }
          },
          recordOf: ({ value }) => value as Lead,
        }
        const reader = new OrderedReader({ plan: offsetPlan({ max: 5 }), source, width, readAheadBytes: 1e6 })
        const records: unknown[] = []
        for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
          records.push(...valuesOf(batch.items))
        await reader.close()
        if (JSON.stringify(records) !== JSON.stringify(guids))
          throw new Error(`${records.length} of ${guids.length}`)
      }),
      { numRuns: 300 },
    ),
  )
})

t.test('OrderedReader: for any sizes, delays and cuts, every number arrives once and in order', async t => {
  const scenario = fc.record({
    count: fc.integer({ min: 0, max: 60 }),
    stretch: fc.integer({ min: 1, max: 20 }),
    page: fc.integer({ min: 1, max: 10 }),
    width: fc.integer({ min: 1, max: 5 }),
    readAheadBytes: fc.constantFrom(0, 50, 1_000, 1e6),
    delays: fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }),
    cuts: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
  })
  // In this example, the same page is cut more than three times in a row.
  const unlucky = {
    ...{ count: 23, stretch: 1, page: 1, width: 5, readAheadBytes: 1e6 },
    ...{ delays: [1, 3, 5, 5, 2, 0, 4], cuts: [0] },
  }
  await t.resolves(
    fc.assert(
      fc.asyncProperty(scenario, async ({ count, stretch, page, delays, cuts, ...given }) => {
        let requests = 0
        const answer = async (request: NumbersRequest) => {
          requests += 1
          await turns(delays[requests % delays.length] as number)
          const text = bodyOf(request)
          const cut = cuts[requests % cuts.length] as number
          return requests % 4 === 0 && cut < text.length ? text.slice(0, cut) : text
        }
        // Retries have no limit, since every fourth answer may be of the same page, again and again.
        const source = { ...numbersSource(answer), backOff: async () => {} }
        const counts = noCounts()
        const reader = open({ plan: numbersPlan(count, stretch, page), source, counts, ...given })
        const values = await rest(reader)
        await reader.close()
        if (JSON.stringify(values) !== JSON.stringify(numbers(0, count)))
          throw new Error(`received: ${values}`)
        if (counts.decoded !== count + counts.dropped + counts.unused) throw new Error(JSON.stringify(counts))
      }),
      { numRuns: 150, examples: [[unlucky]] },
    ),
  )
})
