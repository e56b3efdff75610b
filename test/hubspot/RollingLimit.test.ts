import fc from 'fast-check'
import t from 'tap'
import { PortalLimits } from '../../lib/hubspot/PortalLimits.ts'

const left = (remaining: number, max = 100, interval = 10_000) => ({
  'x-hubspot-ratelimit-max': `${max}`,
  'x-hubspot-ratelimit-remaining': `${remaining}`,
  'x-hubspot-ratelimit-interval-milliseconds': `${interval}`,
})
const ok = (headers: Record<string, string | string[]>) => ({ status: 200, headers })

/** How long the next request waits after one answer with these headers. */
function waitAfter(headers: Record<string, string | string[]>, elapsed = 0): number {
  const limits = new PortalLimits(1)
  limits.end(limits.start(1_000), 1_000, ok(headers))
  return limits.wait(1_000 + elapsed)
}

t.test('RollingLimit: when no request remains, none starts for the length of the window', async t => {
  t.equal(waitAfter(left(0)), 10_000)
  t.equal(waitAfter(left(0), 9_999), 1)
  t.equal(waitAfter(left(0), 10_000), 0)
  t.equal(waitAfter(left(1)), 0)
  t.equal(waitAfter(left(0, 5, 700)), 700)
  t.equal(
    waitAfter({ 'x-hubspot-ratelimit-remaining': '0' }),
    10_000,
    'ten seconds if the window is not given',
  )
  t.equal(waitAfter({ 'x-hubspot-ratelimit-secondly-remaining': '0' }), 1_000)
  t.equal(
    waitAfter({ ...left(0), 'x-hubspot-ratelimit-secondly-remaining': '0' }),
    10_000,
    'the longer window',
  )
})

t.test('RollingLimit: malformed headers, and windows longer than ten minutes, are ignored', async t => {
  for (const nonsense of ['', ' ', '-1', '0.0', 'none', '0x0', '1e0', '0, 0', '9'.repeat(16)]) {
    t.equal(waitAfter({ 'x-hubspot-ratelimit-remaining': nonsense }), 0, nonsense)
    t.equal(
      waitAfter({ ...left(0), 'x-hubspot-ratelimit-interval-milliseconds': nonsense }),
      10_000,
      nonsense,
    )
  }
  t.equal(waitAfter({ ...left(0), 'x-hubspot-ratelimit-interval-milliseconds': '0' }), 10_000)
  t.equal(waitAfter(left(0, 100, 600_000)), 600_000)
  t.equal(waitAfter(left(0, 100, 600_001)), 0)
  t.equal(waitAfter({ ...left(0), 'x-hubspot-ratelimit-max': 'many' }), 10_000)
  t.equal(waitAfter({ 'x-hubspot-ratelimit-remaining': [' 0 ', '7'] }), 10_000, 'the first of several values')
})

t.test('RollingLimit: requests under way count as if the portal had not counted them yet', async t => {
  const limits = new PortalLimits(1)
  const [first, second, third] = [limits.start(0), limits.start(0), limits.start(0)] as const
  limits.end(first, 10, ok(left(3)))
  t.equal(limits.wait(10), 0)
  const fourth = limits.start(10)
  t.ok(limits.wait(10) > 0, 'three remain, and three are under way')
  limits.end(third, 20, ok(left(1)))
  t.ok(limits.wait(20) > 0)
  limits.end(second, 30, ok(left(2)))
  t.ok(limits.wait(30) > 0, 'a late answer does not replace a newer one')
  limits.end(fourth, 40, ok(left(1)))
  t.equal(limits.wait(40), 0)
})

t.test('RollingLimit: for each own request that has left the window, one may start', async t => {
  const limits = new PortalLimits(1)
  limits.end(limits.start(0), 100, ok(left(2, 3)))
  limits.end(limits.start(4_000), 4_200, ok(left(1, 3)))
  limits.end(limits.start(8_000), 8_300, ok(left(0, 3)))
  t.equal(
    limits.wait(8_300),
    1_800,
    'one interval after the answer, since the time at which it was counted is unknown',
  )
  limits.start(10_100)
  t.equal(limits.wait(10_100), 4_100)
  limits.start(14_200)
  t.equal(limits.wait(14_200), 4_100)
})

t.test('RollingLimit: a refused request is not counted, and frees no place', async t => {
  const limits = new PortalLimits(1)
  limits.end(limits.start(0), 100, { status: 429, headers: left(0) })
  limits.end(limits.start(0), 5_000, { status: 429, headers: left(0) })
  t.equal(limits.wait(5_000), 10_000)
})

t.test('RollingLimit: a request that ends without an answer may have been counted', async t => {
  const limits = new PortalLimits(1)
  limits.end(limits.start(0), 0, ok(left(2)))
  limits.end(limits.start(1), 2)
  t.equal(limits.wait(2), 0)
  limits.end(limits.start(3), 4, { status: 503, headers: {} })
  t.ok(limits.wait(4) > 0)
})

t.test(
  'RollingLimit: one request per interval starts to learn the state again, even while another hangs',
  async t => {
    const limits = new PortalLimits(1)
    const [first, stuck] = [limits.start(0), limits.start(0)] as const
    limits.end(first, 100, ok(left(0)))
    t.equal(limits.wait(100), 10_000)
    t.equal(limits.wait(10_100), 0)
    limits.start(10_100)
    t.equal(limits.wait(10_100), 10_000)
    limits.end(stuck, 10_200)
    t.equal(limits.wait(10_200), 0, 'after its failure the state is unknown again')
  },
)

t.test('RollingLimit: while requests under way may fill the window, the next waits for them', async t => {
  const limits = new PortalLimits(1)
  const [first] = [limits.start(0), limits.start(0)] as const
  limits.end(first, 100, ok(left(0, 1)))
  t.equal(limits.wait(20_000), Infinity)
})

t.test('RollingLimit: the end of a request counts once', async t => {
  const limits = new PortalLimits(1)
  const request = limits.start(0)
  limits.end(request, 1, ok(left(5)))
  limits.end(request, 2, ok(left(0)))
  t.equal(limits.wait(2), 0)
})

/** The conditions of a simulation; times in milliseconds. */
interface World {
  max: number
  interval: number
  concurrency: number
  requests: number
  /** For each request in turn: how long it takes to the portal and back. */
  ways: readonly (readonly [there: number, back: number])[]
  /** For each request in turn: whether its answer is lost. */
  lost: readonly boolean[]
  /** When others send requests, before the client does. */
  others: readonly number[]
}

interface Outcome {
  /** When the refused requests started. */
  refused: number[]
  /** When the first answer arrived. */
  firstAnswer: number
  finished: number
}

/** Simulates a client of a portal with a rolling window, event by event. */
function simulate({ max, interval, concurrency, requests, ways, lost, others }: World): Outcome {
  const limits = new PortalLimits(1)
  const events: { at: number; happen: (now: number) => void }[] = []
  let window: number[] = []
  for (const at of others.slice(0, max)) window.push(at)
  window.sort((a, b) => a - b)
  const outcome: Outcome = { refused: [], firstAnswer: Infinity, finished: 0 }
  let started = 0
  let underWay = 0
  const put = (at: number, happen: (now: number) => void) => {
    const index = events.findLastIndex(event => event.at <= at)
    events.splice(index + 1, 0, { at, happen })
  }
  const startAll = (now: number) => {
    while (started < requests && underWay < concurrency && limits.wait(now) === 0) send(now)
    const wait = limits.wait(now)
    if (started < requests && underWay < concurrency && wait < Infinity) put(now + wait, startAll)
  }
  const send = (now: number) => {
    const number = started
    started += 1
    underWay += 1
    const request = limits.start(now)
    const [there, back] = ways[number % ways.length] as [number, number]
    put(now + there, arrival => {
      window = window.filter(at => at > arrival - interval)
      const passes = window.length < max
      if (passes) window.push(arrival)
      else outcome.refused.push(now)
      const headers = left(max - window.length, max, interval)
      put(arrival + back, end => {
        underWay -= 1
        const arrives = lost.length === 0 || !lost[number % lost.length]
        limits.end(request, end, arrives ? { status: passes ? 200 : 429, headers } : undefined)
        if (arrives) outcome.firstAnswer = Math.min(outcome.firstAnswer, end)
        outcome.finished = end
        startAll(end)
      })
    })
  }
  startAll(0)
  for (let event = events.shift(); event !== undefined; event = events.shift()) event.happen(event.at)
  return started === requests ? outcome : { ...outcome, finished: Infinity }
}

/** Milliseconds there and back. */
const longest = 120
const way = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 60 }))
const world = fc.record({
  max: fc.integer({ min: 1, max: 12 }),
  interval: fc.integer({ min: 50, max: 400 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  requests: fc.integer({ min: 1, max: 60 }),
  ways: fc.array(way, { minLength: 1, maxLength: 12 }),
})

t.test(
  'RollingLimit: for any order of answers, no request is refused that starts after the first answer',
  async () => {
    const others = fc.array(fc.integer({ min: -400, max: 0 }), { maxLength: 12 })
    fc.assert(
      fc.property(world, others, (given, others) => {
        const { refused, firstAnswer } = simulate({ ...given, others, lost: [] })
        return refused.every(start => start <= firstAnswer)
      }),
      { numRuns: 2_000 },
    )
  },
)

t.test('RollingLimit: a client alone is as fast as the window allows', async () => {
  fc.assert(
    fc.property(world, given => {
      const { finished } = simulate({ ...given, others: [], lost: [] })
      // A place is free one interval after its answer; at worst, all requests run in sequence.
      const windows = Math.ceil(given.requests / given.max)
      return finished <= windows * (given.interval + 2 * longest) + given.requests * longest
    }),
    { numRuns: 1_000 },
  )
})

t.test('RollingLimit: whatever answers are lost, all requests are sent in the end', async () => {
  const lost = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(world, lost, (given, lost) => simulate({ ...given, others: [], lost }).finished < Infinity),
    { numRuns: 1_000 },
  )
})
