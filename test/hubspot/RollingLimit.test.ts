import fc from 'fast-check'
import t from 'tap'
import { PortalLimits } from '../../lib/hubspot/PortalLimits.ts'
import type { Started } from '../../lib/hubspot/Remainder.ts'

const left = (remaining: number, max = 100, interval = 10_000) => ({
  'x-hubspot-ratelimit-max': `${max}`,
  'x-hubspot-ratelimit-remaining': `${remaining}`,
  'x-hubspot-ratelimit-interval-milliseconds': `${interval}`,
})
const ok = (headers: Record<string, string | string[]>) => ({ status: 200, headers })

/** How long the next is held back after one answer with these headers. */
function heldBy(headers: Record<string, string | string[]>, elapsed = 0): number {
  const limits = new PortalLimits(1)
  limits.end(limits.start(1_000), 1_000, ok(headers))
  return limits.wait(1_000 + elapsed)
}

t.test('when nothing remains, none starts for as long as the window is', async t => {
  t.equal(heldBy(left(0)), 10_000)
  t.equal(heldBy(left(0), 9_999), 1)
  t.equal(heldBy(left(0), 10_000), 0)
  t.equal(heldBy(left(1)), 0)
  t.equal(heldBy(left(0, 5, 700)), 700)
  t.equal(heldBy({ 'x-hubspot-ratelimit-remaining': '0' }), 10_000, 'ten seconds where it does not say')
  t.equal(heldBy({ 'x-hubspot-ratelimit-secondly-remaining': '0' }), 1_000)
  t.equal(heldBy({ ...left(0), 'x-hubspot-ratelimit-secondly-remaining': '0' }), 10_000, 'the longer one')
})

t.test('malformed headers, and a window longer than ten minutes, are as none', async t => {
  for (const nonsense of ['', ' ', '-1', '0.0', 'none', '0x0', '1e0', '0, 0', '9'.repeat(16)]) {
    t.equal(heldBy({ 'x-hubspot-ratelimit-remaining': nonsense }), 0, nonsense)
    t.equal(heldBy({ ...left(0), 'x-hubspot-ratelimit-interval-milliseconds': nonsense }), 10_000, nonsense)
  }
  t.equal(heldBy({ ...left(0), 'x-hubspot-ratelimit-interval-milliseconds': '0' }), 10_000)
  t.equal(heldBy(left(0, 100, 600_000)), 600_000)
  t.equal(heldBy(left(0, 100, 600_001)), 0)
  t.equal(heldBy({ ...left(0), 'x-hubspot-ratelimit-max': 'many' }), 10_000)
  t.equal(heldBy({ 'x-hubspot-ratelimit-remaining': [' 0 ', '7'] }), 10_000, 'the first of several')
})

t.test('what is under way counts as if the portal had not counted it', async t => {
  const limits = new PortalLimits(1)
  const [first, second, third] = [limits.start(0), limits.start(0), limits.start(0)] as const
  limits.end(first, 10, ok(left(3)))
  t.equal(limits.wait(10), 0)
  const fourth = limits.start(10)
  t.ok(limits.wait(10) > 0, 'three remain, three are under way')
  limits.end(third, 20, ok(left(1)))
  t.ok(limits.wait(20) > 0)
  limits.end(second, 30, ok(left(2)))
  t.ok(limits.wait(30) > 0, 'the late answer does not undo what is known')
  limits.end(fourth, 40, ok(left(1)))
  t.equal(limits.wait(40), 0)
})

t.test('for each own request that has left the window, one may start', async t => {
  const limits = new PortalLimits(1)
  limits.end(limits.start(0), 100, ok(left(2, 3)))
  limits.end(limits.start(4_000), 4_200, ok(left(1, 3)))
  limits.end(limits.start(8_000), 8_300, ok(left(0, 3)))
  t.equal(limits.wait(8_300), 1_800, 'an interval after its answer: when it was counted is not known')
  limits.start(10_100)
  t.equal(limits.wait(10_100), 4_100)
  limits.start(14_200)
  t.equal(limits.wait(14_200), 4_100)
})

t.test('what was refused is not counted, and frees no place', async t => {
  const limits = new PortalLimits(1)
  limits.end(limits.start(0), 100, { status: 429, headers: left(0) })
  limits.end(limits.start(0), 5_000, { status: 429, headers: left(0) })
  t.equal(limits.wait(5_000), 10_000)
})

t.test('a request that ends without an answer may have been counted', async t => {
  const limits = new PortalLimits(1)
  limits.end(limits.start(0), 0, ok(left(2)))
  limits.end(limits.start(1), 2)
  t.equal(limits.wait(2), 0)
  limits.end(limits.start(3), 4, { status: 503, headers: {} })
  t.ok(limits.wait(4) > 0)
})

t.test('one request an interval asks anew, also while another is stuck', async t => {
  const limits = new PortalLimits(1)
  const [first, stuck] = [limits.start(0), limits.start(0)] as const
  limits.end(first, 100, ok(left(0)))
  t.equal(limits.wait(100), 10_000)
  t.equal(limits.wait(10_100), 0)
  limits.start(10_100)
  t.equal(limits.wait(10_100), 10_000)
  limits.end(stuck, 10_200)
  t.equal(limits.wait(10_200), 0, 'its failure after so long says that nothing is known any more')
})

t.test('a window that those under way may fill waits for them', async t => {
  const limits = new PortalLimits(1)
  const [first] = [limits.start(0), limits.start(0)] as const
  limits.end(first, 100, ok(left(0, 1)))
  t.equal(limits.wait(20_000), Infinity)
})

t.test('the end of a request is noted once', async t => {
  const limits = new PortalLimits(1)
  const request = limits.start(0)
  limits.end(request, 1, ok(left(5)))
  limits.end(request, 2, ok(left(0)))
  t.equal(limits.wait(2), 0)
})

/** What a simulated client meets; times in milliseconds. */
interface World {
  max: number
  interval: number
  concurrency: number
  requests: number
  /** For each request in turn: how long it takes to the portal, and back. */
  ways: readonly (readonly [there: number, back: number])[]
  /** Of each request in turn: whether its answer gets lost. */
  lost: readonly boolean[]
  /** When others ask, before the client does. */
  others: readonly number[]
}

interface Outcome {
  /** When the refused requests started. */
  refused: number[]
  /** When the first answer was there. */
  firstAnswer: number
  finished: number
}

/** Lets a client ask a portal with a rolling window, event by event. */
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
    while (started < requests && underWay < concurrency && limits.wait(now) === 0) ask(now)
    const wait = limits.wait(now)
    if (started < requests && underWay < concurrency && wait < Infinity) put(now + wait, startAll)
  }
  const ask = (now: number) => {
    const number = started
    started += 1
    underWay += 1
    const request: Started = limits.start(now)
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

t.test('whatever the order of the answers, none is refused that could have known', async () => {
  const others = fc.array(fc.integer({ min: -400, max: 0 }), { maxLength: 12 })
  fc.assert(
    fc.property(world, others, (given, others) => {
      const { refused, firstAnswer } = simulate({ ...given, others, lost: [] })
      return refused.every(start => start <= firstAnswer)
    }),
    { numRuns: 2_000 },
  )
})

t.test('a client that is alone is as fast as the window lets it', async () => {
  fc.assert(
    fc.property(world, given => {
      const { finished } = simulate({ ...given, others: [], lost: [] })
      // A place is free an interval after its answer; at worst, all requests go one after the other.
      const windows = Math.ceil(given.requests / given.max)
      return finished <= windows * (given.interval + 2 * longest) + given.requests * longest
    }),
    { numRuns: 1_000 },
  )
})

t.test('whatever is lost, everything is asked for in the end', async () => {
  const lost = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(world, lost, (given, lost) => simulate({ ...given, others: [], lost }).finished < Infinity),
    { numRuns: 1_000 },
  )
})
