import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { deferred } from '../../lib/async/promises.ts'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import { offsetPlan } from '../../lib/paging/offsetPlan.ts'
import { OrderedReader, type OrderedReaderOptions } from '../../lib/sources/OrderedReader.ts'
import type { PageSource } from '../../lib/sources/readStretch.ts'
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

/** What is left of a list. */
async function rest(reader: OrderedReader<number, NumbersRequest, number>): Promise<unknown[]> {
  const came: unknown[] = []
  for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
    came.push(...valuesOf(batch.items))
  return came
}

/** A source whose answers wait until they are let go. */
function heldSource(width = 1) {
  const asked: number[] = []
  const held = new Map<number, () => void>()
  const source = numbersSource(async request => {
    asked.push(request.from)
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
  return { source, asked, held, answer }
}

const open = (given: Partial<Options> & Pick<Options, 'plan'>) =>
  new OrderedReader<number, NumbersRequest, number>({
    source: numbersSource(),
    width: 4,
    readAheadBytes: 1e6,
    ...given,
  })

t.test('a list comes in its order, in whatever order its stretches are answered', async t => {
  const { source, asked, answer } = heldSource()
  const reader = open({ plan: numbersPlan(12, 3, 3), source })
  const reading = rest(reader)
  await turns(5)
  t.strictSame(asked, [0], 'the first page says whether there is more')
  await answer(0)
  t.strictSame(asked, [0, 3, 6, 9])
  for (const from of [9, 3, 6]) await answer(from)
  t.strictSame(await reading, numbers(0, 12))
})

t.test('without room for reading ahead, one page is asked for after the other', async t => {
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

t.test('while nobody reads on, no more is read ahead than there is room for', async t => {
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
  // The first page, what the first stretch has read, and the room, exceeded by a page at most.
  t.ok(bytes <= 50_000 + 100_000 + 550_000, `${bytes} bytes`)
  t.strictSame((await rest(reader)).length, 1_990)
})

t.test('no stretch is begun for what those in front of it are expected to bring', async t => {
  let given = 0
  const asked: NumbersRequest[] = []
  const source = numbersSource(request => {
    asked.push(request)
    return bodyOf(request)
  })
  const reader = open({ plan: numbersPlan(1_000, 10, 10), source, wanted: () => 35 - given })
  for (let batch = await reader.next(); batch !== undefined && given < 35; batch = await reader.next())
    given += batch.items.length
  await reader.close()
  // One more than it takes: the caller's count is that of before the batch at hand.
  t.ok(asked.length <= 5, JSON.stringify(asked))
  t.ok((asked.at(-1)?.max ?? 0) <= 10)
})

t.test('a failure is told behind everything in front of it, and nothing behind it is given', async t => {
  const boom = new Error('boom')
  const source = {
    ...numbersSource(request => (request.from === 6 ? Promise.reject(boom) : bodyOf(request))),
    backOff: (error: unknown) => Promise.reject(error),
  }
  const reader = open({ plan: numbersPlan(12, 3, 3), source })
  const came: unknown[] = []
  const failure = await failureOf(
    (async () => {
      for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
        came.push(...valuesOf(batch.items))
    })(),
  )
  t.equal(failure, boom)
  t.strictSame(came, numbers(0, 6))
  await reader.close()
})

t.test('what was read ahead in vain is counted, and its connections are released', async t => {
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
})

t.test('a reader that is stopped ends the wait for a batch, and asks for nothing more', async t => {
  const { source, asked } = heldSource()
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
  const before = asked.length
  reader.stop()
  t.match(await reading, { name: 'AbortError' })
  await reader.close()
  t.equal(asked.length, before)
})

t.test('stretches that were planned in vain are dropped, and planned anew', async t => {
  // A server that gives two numbers a page, although five are asked for.
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

t.test('a list by offset from a server that gives short pages by chance is read to its end', async t => {
  const guids = Array.from({ length: 43 }, (_, n) => ({ guid: `g${n}` }))
  const scenario = fc.record({
    delays: fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }),
    caps: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 7 }),
    width: fc.integer({ min: 2, max: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ delays, caps, width }) => {
      let requests = 0
      const source: PageSource<Lead, PageQuery> = {
        ...numbersSource(),
        async fetchPage({ offset = 0, max = 0 }) {
          requests += 1
          const cap = Math.min(max, caps[requests % caps.length] as number)
          for (let turn = delays[requests % delays.length] as number; turn > 0; turn -= 1)
            await Promise.resolve()
          return Readable.from([JSON.stringify(guids.slice(offset, offset + cap))], { objectMode: false })
        },
        recordOf: ({ value }) => value as Lead,
      }
      const reader = new OrderedReader({ plan: offsetPlan({ max: 5 }), source, width, readAheadBytes: 1e6 })
      const came: unknown[] = []
      for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
        came.push(...valuesOf(batch.items))
      await reader.close()
      if (JSON.stringify(came) !== JSON.stringify(guids)) throw new Error(`${came.length} of ${guids.length}`)
    }),
    { numRuns: 300 },
  )
  t.pass('for 300 courses')
})

t.test('whatever the sizes, delays and cuts, every number comes once and in order', async t => {
  const scenario = fc.record({
    count: fc.integer({ min: 0, max: 60 }),
    stretch: fc.integer({ min: 1, max: 20 }),
    page: fc.integer({ min: 1, max: 10 }),
    width: fc.integer({ min: 1, max: 5 }),
    readAheadBytes: fc.constantFrom(0, 50, 1_000, 1e6),
    delays: fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }),
    cuts: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
  })
  // One page gets the answer that is cut off more than three times in a row.
  const unlucky = {
    ...{ count: 23, stretch: 1, page: 1, width: 5, readAheadBytes: 1e6 },
    ...{ delays: [1, 3, 5, 5, 2, 0, 4], cuts: [0] },
  }
  await fc.assert(
    fc.asyncProperty(scenario, async ({ count, stretch, page, delays, cuts, ...given }) => {
      let requests = 0
      const answer = async (request: NumbersRequest) => {
        requests += 1
        await turns(delays[requests % delays.length] as number)
        const text = bodyOf(request)
        const cut = cuts[requests % cuts.length] as number
        return requests % 4 === 0 && cut < text.length ? text.slice(0, cut) : text
      }
      // Retries have no limit: while others read, one page may get every fourth answer, time after time.
      const source = { ...numbersSource(answer), backOff: async () => {} }
      const counts = noCounts()
      const reader = open({ plan: numbersPlan(count, stretch, page), source, counts, ...given })
      const came = await rest(reader)
      await reader.close()
      if (JSON.stringify(came) !== JSON.stringify(numbers(0, count))) throw new Error(`came: ${came}`)
      if (counts.decoded !== count + counts.dropped + counts.unused) throw new Error(JSON.stringify(counts))
    }),
    { numRuns: 150, examples: [[unlucky]] },
  )
  t.pass('for 150 lists')
})
