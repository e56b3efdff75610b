import t, { type Test } from 'tap'
import { leads } from '../../lib/source/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Listening, listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

const guids = Array.from({ length: 250 }, (_, index) => `g${index}`)
const absent = new Set(['g3', 'g120', 'g249'])

/** A portal that has every lead but the absent ones, and caps a page. */
function hydrating(t: Test, cap = 100): Promise<Listening> {
  return listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://x')
    const asked = [...searchParams].filter(([name]) => name.startsWith('guids[')).map(([, guid]) => guid)
    const max = Math.min(cap, Number(searchParams.get('max')))
    const found = asked.filter(guid => !absent.has(guid)).slice(0, max)
    response.end(JSON.stringify(found.map(guid => ({ guid }))))
  })
}

const askedFor = (target = '') =>
  [...new URL(target, 'http://x').searchParams].filter(([name]) => name.startsWith('guids['))

t.test('any number of guids, 100 a request, indexed from 0 in each', async t => {
  const { origin, targets } = await hydrating(t)
  const there = guids.filter(guid => !absent.has(guid))
  const source = leads(openClient(t, origin), { guids: there.slice(0, 230) })
  t.strictSame(
    (await source.toArray()).map(({ guid }) => guid),
    there.slice(0, 230),
  )
  t.strictSame(
    targets.map(target => askedFor(target).length),
    [100, 100, 30],
  )
  t.match(targets[1], /max=100&guids\[0\]=g101&guids\[1\]=g102/)
  t.strictSame(source.missing, { count: 0, guids: [] })
})

t.test('each guid is asked for once, however often it is given', async t => {
  const { origin, targets } = await hydrating(t)
  const source = leads(openClient(t, origin), { guids: ['a', 'b', 'a', 'a', 'c', 'b'] })
  t.strictSame(
    (await source.toArray()).map(({ guid }) => guid),
    ['a', 'b', 'c'],
  )
  t.equal(targets.length, 1)
})

t.test('those that do not come are reported, or fail', async t => {
  const { origin } = await hydrating(t)
  const source = leads(openClient(t, origin), { guids })
  t.equal((await source.toArray()).length, 247)
  t.strictSame(source.missing, { count: 3, guids: [...absent] })
  const failing = leads(openClient(t, origin), { guids }, { onMissing: 'fail' })
  t.match(await failureOf(failing.toArray()), { code: 'MISSING', context: { guids: ['g3'] } })
})

t.test('"A server that clamps max silently": what it left out is asked for again', async t => {
  const { origin } = await hydrating(t, 30)
  const source = leads(openClient(t, origin), { guids })
  t.strictSame(
    (await source.toArray()).map(({ guid }) => guid).sort(),
    guids.filter(guid => !absent.has(guid)).sort(),
  )
  t.equal(source.missing?.count, 3)
})

t.test('a server that answers other leads than it was asked for is not asked without end', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[{"guid":"other"}]'))
  const source = leads(openClient(t, origin), { guids: ['a', 'b'] })
  await source.toArray()
  t.equal(targets.length, 1)
  t.strictSame(source.missing, { count: 2, guids: ['a', 'b'] })
})

t.test('an async iterable is taken as pages are asked for, and let go of at the end', async t => {
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
  for await (const { guid } of leads(openClient(t, origin), { guids: endless() }, { limit: 150 }))
    received.push(guid)
  t.equal(received.length, 150)
  t.ok(taken <= 200, `${taken} taken`)
  for (let turn = 0; turn < 10; turn += 1) await new Promise(resolve => setImmediate(resolve))
  t.ok(released)
})

t.test(
  'an iterable that throws fails the stream with what it threw; one that never yields can be left',
  async t => {
    const { origin } = await hydrating(t)
    const broken = new Error('the table is locked')
    async function* throws() {
      yield 'a'
      throw broken
    }
    t.equal(await failureOf(leads(openClient(t, origin), { guids: throws() }).toArray()), broken)
    const never: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    }
    const abort = new AbortController()
    const reason = new Error('enough')
    const waiting = failureOf(
      leads(openClient(t, origin), { guids: never }, { signal: abort.signal }).toArray(),
    )
    setImmediate(() => abort.abort(reason))
    t.ok(await waiting)
  },
)

t.test('what is no guid is refused', async t => {
  const { origin, targets } = await hydrating(t)
  const client = openClient(t, origin)
  t.throws(() => leads(client, { guids: 'abc' }), { code: 'OPTION' })
  t.throws(() => leads(client, { guids: ['a'], offset: 5 }), { code: 'OPTION', message: /offset/ })
  t.match(await failureOf(leads(client, { guids: new Set(['a', '']) }).toArray()), { code: 'OPTION' })
  t.equal(targets.length, 0)
})
