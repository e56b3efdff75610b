import { deepStrictEqual } from 'node:assert/strict'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { leads } from '../../lib/sources/leads.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'
import { failureOf } from '../support/failureOf.ts'
import { instantClock } from '../support/instantClock.ts'
import { type Listening, listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'
import { withRejected } from '../support/withRejected.ts'

const guids = Array.from({ length: 250 }, (_, index) => `g${index}`)
const absent = new Set(['g3', 'g120', 'g249'])

/** A portal that has every lead except the absent ones, and at most `cap` leads a page. */
function hydrating(t: Test, cap = 100): Promise<Listening> {
  return listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://x')
    const requested = [...searchParams].filter(([name]) => name.startsWith('guids[')).map(([, guid]) => guid)
    const max = Math.min(cap, Number(searchParams.get('max')))
    const found = requested.filter(guid => !absent.has(guid)).slice(0, max)
    response.end(JSON.stringify(found.map(guid => ({ guid }))))
  })
}

const guidsIn = (target = '') =>
  [...new URL(target, 'http://x').searchParams].filter(([name]) => name.startsWith('guids['))

t.test('guids: any number of guids is read, 100 per request, indexed from 0 in each', async t => {
  const { origin, targets } = await hydrating(t)
  const there = guids.filter(guid => !absent.has(guid))
  const source = leads(openClient(t, origin), { guids: there.slice(0, 230) })
  t.strictSame(
    (await source.toArray()).map(({ guid }) => guid),
    there.slice(0, 230),
  )
  t.strictSame(
    targets.map(target => guidsIn(target).length),
    [100, 100, 30],
  )
  t.match(targets[1], /max=100&guids\[0\]=g101&guids\[1\]=g102/)
  t.strictSame(source.missing, { count: 0, guids: [] })
})

t.test('guids: a repeated guid is requested once', async t => {
  const { origin, targets } = await hydrating(t)
  const source = leads(openClient(t, origin), { guids: ['a', 'b', 'a', 'a', 'c', 'b'] })
  t.strictSame(
    (await source.toArray()).map(({ guid }) => guid),
    ['a', 'b', 'c'],
  )
  t.equal(targets.length, 1)
})

t.test('guids: missing leads are reported, or fail with MISSING', async t => {
  const { origin } = await hydrating(t)
  const source = leads(openClient(t, origin), { guids })
  t.equal((await source.toArray()).length, 247)
  t.strictSame(source.missing, { count: 3, guids: [...absent] })
  const failing = leads(openClient(t, origin), { guids, onMissing: 'fail' })
  t.match(await failureOf(failing.toArray()), { code: 'MISSING', context: { guids: ['g3'] } })
})

t.test('guids: "A server that clamps max silently": guids that it left out are requested again', async t => {
  const { origin } = await hydrating(t, 30)
  const source = leads(openClient(t, origin), { guids })
  t.strictSame(
    (await source.toArray()).map(({ guid }) => guid).sort(),
    guids.filter(guid => !absent.has(guid)).sort(),
  )
  t.equal(source.missing?.count, 3)
})

t.test('guids: a server that answers with other leads gets no endless requests', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[{"guid":"other"}]'))
  const source = leads(openClient(t, origin), { guids: ['a', 'b'] })
  await source.toArray()
  t.equal(targets.length, 1)
  t.strictSame(source.missing, { count: 2, guids: ['a', 'b'] })
})

t.test('guids: an async iterable is taken only as needed, and closed at the end', async t => {
  const { origin } = await hydrating(t)
  let taken = 0
  let released = false
  async function* endless() {
    try {
      for (; ; taken += 1) yield `lead-${taken}`
    } finally {
      released = true
    }
  }
  const received: string[] = []
  for await (const { guid } of leads(openClient(t, origin), { guids: endless(), limit: 150 }))
    received.push(guid)
  t.equal(received.length, 150)
  t.ok(taken <= 200, `${taken} taken`)
  for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setImmediate(resolve))
  t.ok(released)
})

t.test(
  'guids: an iterable that throws is SOURCE; one that never yields can be aborted and destroyed',
  async t => {
    const { origin } = await hydrating(t)
    const broken = new Error('the table is locked')
    async function* throws() {
      yield 'a'
      throw broken
    }
    t.match(await failureOf(leads(openClient(t, origin), { guids: throws() }).toArray()), {
      code: 'SOURCE',
      retryable: false,
      message: 'the iterable of guids failed: the table is locked',
      cause: broken,
    })
    const own = new LeadpipeError('PAGING', 'from another source')
    const failing: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(own) }),
    }
    t.equal(await failureOf(leads(openClient(t, origin), { guids: failing }).toArray()), own)
    const never: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    }
    const abort = new AbortController()
    const reason = new Error('enough')
    const waiting = failureOf(leads(openClient(t, origin), { guids: never, signal: abort.signal }).toArray())
    setImmediate(() => abort.abort(reason))
    t.equal(await waiting, reason)
    const left = leads(openClient(t, origin), { guids: never })
    left.resume()
    await turns(5)
    const closed = once(left, 'close')
    left.destroy()
    await closed
  },
)

t.test('guids: a value that is not a guid is an OPTION error', async t => {
  const { origin, targets } = await hydrating(t)
  const client = openClient(t, origin)
  t.throws(() => leads(client, { guids: 'abc' }), { code: 'OPTION' })
  t.throws(() => leads(client, { guids: ['a'], offset: 5 }), { code: 'OPTION', message: /offset/ })
  t.match(await failureOf(leads(client, { guids: new Set(['a', '']) }).toArray()), { code: 'OPTION' })
  t.equal(targets.length, 0)
})

const guidsOf = (received: readonly { guid?: string }[]) => received.map(({ guid }) => guid)

t.test('guids: 250 guids are 3 requests, without an empty one after them', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    response.end(JSON.stringify(guidsIn(request.url).map(([, guid]) => ({ guid }))))
  })
  const source = leads(openClient(t, origin), { guids })
  t.strictSame(guidsOf(await source.toArray()), guids)
  t.strictSame(
    targets.map(target => guidsIn(target).length),
    [100, 100, 50],
  )
  t.match(source.counts, { requests: 3, pages: 3, delivered: 250 })
})

t.test('guids: a request has the guids of its page and the rest of the query', async t => {
  const { origin, targets } = await hydrating(t)
  const client = openClient(t, origin, { accessToken: 'T' })
  const query = { guids: ['a b', 'ü', 'c'], max: 2, includeDeleted: true, excludeConversionEvents: true }
  t.strictSame(guidsOf(await leads(client, query).toArray()), ['a b', 'ü', 'c'])
  const flags = 'excludeConversionEvents=true&includeDeleted=true'
  t.strictSame(targets, [
    `/leads/v1/list?access_token=T&max=2&${flags}&guids[0]=a%20b&guids[1]=%C3%BC`,
    `/leads/v1/list?access_token=T&max=2&${flags}&guids[0]=c`,
  ])
})

t.test('guids: an async iterable is taken at most a page ahead, or two with read-ahead', async t => {
  for (const [readAheadBytes, most] of [
    [0, 5],
    [1_000_000, 15],
  ] as const) {
    const { origin, targets } = await hydrating(t)
    let taken = 0
    async function* endless() {
      for (; ; taken += 1) yield `lead-${taken}`
    }
    const options = { highWaterMark: 1, readAheadBytes }
    const source = leads(openClient(t, origin), { guids: endless(), max: 10, ...options })
    await turns(20)
    t.equal(taken, 0, 'nothing is taken before the first read')
    let received = 0
    for await (const _ of source) {
      received += 1
      if (received % 10 === 5) {
        await turns(20)
        t.ok(taken <= received + most, `${taken} taken when ${received} were received`)
      }
      if (received === 95) break
    }
    t.ok(targets.length <= (received + most) / 10)
  }
})

for (const decode of ['express', 'stream-json'] as const) {
  t.test(
    `guids: ${decode}: after a page cut at any byte, only its missing guids are requested again`,
    async t => {
      const wanted = ['a', 'b"', 'é', 'd']
      let cut = 0
      let requests = 0
      const { origin, targets } = await listen(t, (request, response) => {
        requests += 1
        const body = Buffer.from(JSON.stringify(guidsIn(request.url).map(([, guid]) => ({ guid }))))
        response.end(requests === 1 ? body.subarray(0, cut) : body)
      })
      const client = openClient(t, origin, {}, instantClock)
      const length = Buffer.byteLength(JSON.stringify(wanted.map(guid => ({ guid }))))
      for (cut = 0; cut < length; cut += 1) {
        requests = 0
        targets.length = 0
        const source = leads(client, { guids: wanted, decode })
        deepStrictEqual(guidsOf(await source.toArray()), wanted)
        const again = guidsIn(targets[1]).map(([, guid]) => guid)
        deepStrictEqual(again, wanted.slice(wanted.length - again.length), `${cut} bytes`)
        deepStrictEqual(source.missing, { count: 0, guids: [] })
        // If all had arrived, no second request is needed.
        t.ok(targets.length <= 2)
      }
    },
  )
}

t.test('guids: a body that breaks off after leads that were not requested is not progress', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[{"guid":"other"},'))
  const client = openClient(t, origin, { retry: { retries: 2 } })
  t.match(await failureOf(leads(client, { guids: ['a'] }).toArray()), {
    code: 'DECODE',
    message: /\(after 3 attempts\)$/,
  })
  t.equal(targets.length, 3)
})

t.test(
  'guids: with a limit, no more guids are requested than needed, and the rest is not missing',
  async t => {
    const { origin, targets } = await hydrating(t)
    const source = leads(openClient(t, origin), { guids, limit: 102 })
    t.equal((await source.toArray()).length, 102)
    t.ok(targets.every(target => guidsIn(target).length <= 100))
    t.ok(targets.reduce((sum, target) => sum + guidsIn(target).length, 0) <= 110)
    t.ok((source.missing?.count ?? 0) <= 2, 'only g3 and g120 can be missing')
  },
)

t.test(
  'guids: an element that is not a lead is not requested endlessly, and hides no other lead',
  async t => {
    const { origin, targets } = await listen(t, (request, response) => {
      const max = Number(new URL(request.url ?? '', 'http://x').searchParams.get('max'))
      const found = guidsIn(request.url).map(([, guid]) => (guid === 'g2' ? null : { guid }))
      response.end(JSON.stringify(found.slice(0, max)))
    })
    const source = withRejected(leads(openClient(t, origin), { guids: guids.slice(0, 20), limit: 7 }))
    const received = await source.toArray()
    t.strictSame(
      received.map(lead => (lead instanceof Rejected ? lead.raw : lead.guid)),
      ['g0', 'g1', 'null', 'g3', 'g4', 'g5', 'g6', 'g7'],
    )
    t.strictSame(source.missing, { count: 1, guids: ['g2'] })
    t.match(source.counts, { delivered: 7, rejected: 1 })
    t.equal(targets.length, 2)
  },
)

t.test('guids: an empty iterable is an empty source, and nothing is requested', async t => {
  const { origin, targets } = await hydrating(t)
  async function* nothing(): AsyncGenerator<string> {}
  for (const none of [new Set<string>(), nothing(), [].values()]) {
    const source = leads(openClient(t, origin), { guids: none, onMissing: 'fail' })
    t.strictSame(await source.toArray(), [])
    t.strictSame(source.missing, { count: 0, guids: [] })
  }
  t.equal(targets.length, 0)
  t.throws(() => leads(openClient(t, origin), { guids: [] }), { code: 'OPTION' })
})

t.test(
  'guids: an iterable that throws later fails after the leads before it, and nothing more is requested',
  async t => {
    const { origin, targets } = await hydrating(t)
    const broken = new Error('the table is locked')
    function* throws() {
      for (let i = 0; i < 4; i += 1) yield `lead-${i}`
      throw broken
    }
    const received: string[] = []
    const source = leads(openClient(t, origin), { guids: throws(), max: 2, highWaterMark: 1 })
    const error = await failureOf(async () => {
      for await (const { guid } of source) received.push(guid)
    })
    t.match(error, { code: 'SOURCE', cause: broken })
    t.strictSame(received, ['lead-0', 'lead-1', 'lead-2', 'lead-3'])
    t.equal(targets.length, 2)
    const failure = await failureOf(
      run(leads(openClient(t, origin), { guids: throws() }), toArray({ max: 10 })),
    )
    t.match(
      failure,
      { code: 'SOURCE', cause: broken, report: { records: 0 } },
      'the error of run has a report',
    )
  },
)

t.test(
  "guids: onMissing 'fail' throws after the leads that arrived, and closes the iterable of guids",
  async t => {
    const { origin } = await hydrating(t)
    let released = false
    function* some() {
      try {
        yield* guids
      } finally {
        released = true
      }
    }
    const received: string[] = []
    const source = leads(openClient(t, origin), {
      guids: some(),
      max: 5,
      onMissing: 'fail',
      highWaterMark: 1,
    })
    const error = await failureOf(async () => {
      for await (const { guid } of source) received.push(guid)
    })
    t.match(error, { code: 'MISSING', retryable: false, context: { guids: ['g3'] } })
    t.strictSame(received, ['g0', 'g1', 'g2', 'g4'])
    await turns(5)
    t.ok(released)
  },
)
