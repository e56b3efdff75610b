import { Readable } from 'node:stream'
import t from 'tap'
import type { PageLog, PageSource } from '../../lib/sources/Page.ts'
import { readStretch, type Turn } from '../../lib/sources/readStretch.ts'
import { noCounts } from '../../lib/sources/SourceCounts.ts'
import { failureOf } from '../support/failureOf.ts'
import {
  bodyOf,
  NumbersPager,
  type NumbersRequest,
  numbers,
  numbersSource,
  valuesOf,
} from '../support/fakePages.ts'

/** A turn that may always send requests, and a log; `calls` has the calls of both. */
function setting(given: Partial<Turn> = {}) {
  const calls: string[] = []
  const counts = noCounts()
  let pages = 0
  const turn: Turn = {
    signal: new AbortController().signal,
    mayRequest: async () => 100,
    received: () => false,
    endPage: () => void calls.push('end'),
    untilFirst: async () => void calls.push('first'),
    ...given,
  }
  const log: PageLog = {
    counts,
    next() {
      pages += 1
      return pages
    },
    read: (page, elements) => void calls.push(`page ${page}: ${elements}`),
  }
  return { turn, log, counts, calls }
}

/** Reads a stretch to its end; returns the values of each batch. */
async function read(
  pager: NumbersPager,
  source: PageSource<number, NumbersRequest>,
  { turn, log }: ReturnType<typeof setting>,
  into: unknown[][] = [],
): Promise<unknown[][]> {
  for await (const { items } of readStretch(pager, source, turn, log)) into.push(valuesOf(items))
  return into
}

t.test('readStretch: a stretch is read page after page, with a batch for each chunk of a body', async t => {
  const set = setting()
  const source = numbersSource(({ from, max }) => {
    const text = bodyOf({ from, max })
    return Readable.from([text.slice(0, 6), text.slice(6)], { objectMode: false })
  })
  t.strictSame(await read(new NumbersPager(0, 5, 3), source, set), [[0], [1, 2], [3], [4]])
  t.match(set.counts, {
    pages: 2,
    decoded: 5,
    scanned: 5,
    scannedOnPages: 5,
    tokenisedOnPages: 5,
    dropped: 0,
  })
  t.strictSame(
    set.calls.filter(line => line !== 'end'),
    ['page 1: 3', 'page 2: 2'],
  )
})

t.test('readStretch: each page requests no more than is wanted at that time', async t => {
  const answers = [9, 4, 0]
  const set = setting({ mayRequest: async () => answers.shift() ?? 0 })
  const pager = new NumbersPager(0, 100, 5)
  t.strictSame((await read(pager, numbersSource(), set)).flat(), numbers(0, 9))
  t.strictSame(pager.wanted, [9, 4])
})

t.test(
  'readStretch: a body that breaks off is continued after its last complete element, with the same page number',
  async t => {
    const set = setting()
    const requested: number[] = []
    const source = numbersSource(request => {
      requested.push(request.from)
      const text = bodyOf(request)
      // Two elements of each page of three arrive.
      return request.max < 3 ? text : text.slice(0, text.indexOf(',', 6))
    })
    t.strictSame((await read(new NumbersPager(0, 6, 3), source, set)).flat(), numbers(0, 6))
    t.strictSame(requested, [0, 2, 4])
    t.strictSame(
      set.calls.filter(line => line !== 'end'),
      ['page 1: 2'],
    )
  },
)

t.test('readStretch: a page without progress fails after the retries', async t => {
  let requests = 0
  const source = numbersSource(() => {
    requests += 1
    return '['
  })
  t.match(await failureOf(read(new NumbersPager(0, 3, 3), source, setting())), { code: 'DECODE' })
  t.equal(requests, 4)
})

t.test('readStretch: elements that arrived before a failure are delivered before it is thrown', async t => {
  const into: unknown[][] = []
  const source = { ...numbersSource(() => '["0","1",'), backOff: (error: unknown) => Promise.reject(error) }
  t.match(await failureOf(read(new NumbersPager(0, 3, 3), source, setting(), into)), { code: 'DECODE' })
  t.strictSame(into, [[0, 1]])
})

t.test(
  'readStretch: a page too large to be read ahead is dropped, and requested again when it is first',
  async t => {
    let isFirst = false
    const set = setting({
      received: () => !isFirst,
      async untilFirst() {
        isFirst = true
      },
    })
    const requested: number[] = []
    const source = numbersSource(request => {
      requested.push(request.from)
      return bodyOf(request)
    })
    t.strictSame((await read(new NumbersPager(0, 6, 3), source, set)).flat(), numbers(0, 6))
    t.strictSame(requested, [0, 3])
    t.equal(set.counts.pages, 1, 'the first page was delivered before it was dropped')
  },
)

t.test(
  'readStretch: a page too large to be read ahead does not count as a failure for the retries',
  async t => {
    const turns = ['large', 'cut', 'whole']
    const failures: number[] = []
    const set = setting({ received: () => turns[0] === 'large' })
    const source = {
      ...numbersSource(request => {
        // No element of the page arrives before it is dropped or breaks off.
        const text = bodyOf(request)
        return turns[0] === 'whole' ? text : Readable.from(['[', text.slice(1, 3)], { objectMode: false })
      }),
      async backOff(_error: unknown, count: number) {
        failures.push(count)
        turns.shift()
      },
    }
    set.turn.untilFirst = async () => void turns.shift()
    t.strictSame((await read(new NumbersPager(0, 3, 3), source, set)).flat(), [0, 1, 2])
    t.strictSame(failures, [1])
  },
)

t.test(
  'readStretch: a page whose last element is not needed is read to its end and counted completely',
  async t => {
    const set = setting()
    const pager = new NumbersPager(0, 3, 3)
    const { take } = pager
    pager.take = (element, emit) => {
      take(element, emit)
      return element.value === 2 ? 'enough' : undefined
    }
    const source = numbersSource(request =>
      Readable.from([bodyOf(request).slice(0, -1), ']'], { objectMode: false }),
    )
    t.strictSame((await read(pager, source, set)).flat(), [0, 1, 2])
    t.match(set.counts, { pages: 1, scannedOnPages: 3, tokenisedOnPages: 3 })
  },
)

t.test('readStretch: a page with more elements than requested is not read further', async t => {
  const set = setting()
  const pager = new NumbersPager(0, 3, 3)
  const { take } = pager
  let seen = 0
  pager.take = (element, emit) => {
    seen += 1
    if (seen <= 3) take(element, emit)
    return seen > 3 ? 'enough' : undefined
  }
  const body = new Readable({ read() {} })
  body.push('["0","1","2","3"')
  t.strictSame(
    (
      await read(
        pager,
        numbersSource(() => body),
        set,
      )
    ).flat(),
    [0, 1, 2],
  )
  t.ok(body.destroyed)
  t.match(set.counts, {
    pages: 1,
    decoded: 4,
    scanned: 4,
    scannedOnPages: 0,
    tokenisedOnPages: 0,
    dropped: 1,
  })
})

t.test('readStretch: an abort ends a stretch between two pages and within a page', async t => {
  const between = new AbortController()
  const aborting = numbersSource(request => {
    between.abort()
    return bodyOf(request)
  })
  t.strictSame(await read(new NumbersPager(0, 9, 3), aborting, setting({ signal: between.signal })), [
    [0, 1, 2],
  ])

  const within = new AbortController()
  const boom = new Error('boom')
  const failing = numbersSource((_, signal) => {
    const body = new Readable({ read() {} })
    body.push('["0",')
    signal.addEventListener('abort', () => body.destroy(boom))
    return body
  })
  const reading = readStretch(
    new NumbersPager(0, 9, 3),
    failing,
    setting({ signal: within.signal }).turn,
    setting().log,
  )
  t.strictSame(valuesOf((await reading.next()).value?.items ?? []), [0])
  const next = failureOf(reading.next())
  within.abort(boom)
  t.match(await next, { message: /boom/ })
})

t.test('readStretch: an abort does not wait for a pager that never returns a request', async t => {
  const abort = new AbortController()
  const pager = Object.assign(new NumbersPager(0, 9, 3), { next: () => new Promise<never>(() => {}) })
  const reading = read(pager, numbersSource(), setting({ signal: abort.signal }))
  abort.abort()
  t.strictSame(await reading, [])
})

t.test('readStretch: leaving the loop within a page destroys its body, and counts its elements', async t => {
  const set = setting()
  const body = new Readable({ read() {} })
  body.push('["0","1",')
  const reading = readStretch(
    new NumbersPager(0, 9, 3),
    numbersSource(() => body),
    set.turn,
    set.log,
  )
  await reading.next()
  await reading.return(undefined)
  t.ok(body.destroyed)
  t.match(set.counts, { decoded: 2, scanned: 2, pages: 0, dropped: 0 })
  t.strictSame(set.calls, ['end'])
})
