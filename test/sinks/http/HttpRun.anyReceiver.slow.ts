import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { withClock } from '../../../lib/http/Clock.ts'
import { run } from '../../../lib/run/run.ts'
import type { DeadLetter } from '../../../lib/sinks/http/DeadLetters.ts'
import type { HttpOptions } from '../../../lib/sinks/http/options.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { instantClock } from '../../support/instantClock.ts'
import { type Numbered, numbered, numbersOf } from '../../support/numbered.ts'
import { type Arrival, type Behaviour, receive } from '../../support/receive.ts'
import { turns } from '../../support/turns.ts'

/** What a receiver may do instead of a regular response. */
const mishaps = {
  none: undefined,
  '500': (response: ServerResponse) => response.writeHead(500).end('oh'),
  '503 with a body': (response: ServerResponse) => response.writeHead(503).end('x'.repeat(100_000)),
  '429': (response: ServerResponse) => response.writeHead(429, { 'retry-after': '3' }).end(),
  '429 without Retry-After': (response: ServerResponse) => response.writeHead(429).end(),
  '408': (response: ServerResponse) => response.writeHead(408, { connection: 'close' }).end(),
  'reset before it is accepted': (response: ServerResponse) => response.socket?.destroy(),
  'no HTTP before it is accepted': (response: ServerResponse) => response.socket?.end('What?\r\n\r\n'),
  'accepted, but reset before the response': (response: ServerResponse) => response.socket?.destroy(),
  'accepted, but answered with 502': (response: ServerResponse) => response.writeHead(502).end(),
} as const
type Mishap = keyof typeof mishaps

const isBad = (n: number, bad: number) => bad > 0 && n % bad === bad - 1
const ascending = (numbers: Iterable<number>) => [...numbers].toSorted((a, b) => a - b)

const scenario = fc.record({
  count: fc.nat(60),
  script: fc.array(fc.constantFrom(...(Object.keys(mishaps) as Mishap[])), { maxLength: 25 }),
  /** The most records in a body that the receiver accepts. */
  most: fc.integer({ min: 1, max: 20 }),
  /** One record of so many is refused; 0 for none. */
  bad: fc.constantFrom(0, 0, 1, 3, 10),
  named: fc.boolean(),
  records: fc.integer({ min: 1, max: 20 }),
  bytes: fc.constantFrom(1, 40, 1_000),
  format: fc.constantFrom('ndjson' as const, 'json' as const, 'single' as const),
  compression: fc.constantFrom('none' as const, 'gzip' as const),
  concurrency: fc.integer({ min: 1, max: 5 }),
  order: fc.constantFrom('any' as const, 'strict' as const),
})

let script: Mishap[] = []
let most = 1
let bad = 0
let named = false
/** The records of each accepted body, by its key; repeated keys are ignored. */
const acceptedBodies = new Map<string, number[]>()
/** The numbers of the accepted records in order of arrival, without repetitions. */
let order: number[] = []
const bodies = new Map<string, string>()
const changedKeys: string[] = []

function acceptBody({ key, records }: Arrival, numbers: readonly number[]): void {
  if (acceptedBodies.has(key)) return
  acceptedBodies.set(key, numbersOf(records))
  order.push(...numbers)
}

const behave: Behaviour = (arrival, response) => {
  const { key, text, records } = arrival
  if (bodies.has(key) && bodies.get(key) !== text) changedKeys.push(key)
  bodies.set(key, text)
  const mishap = script.shift() ?? 'none'
  const numbers = numbersOf(records)
  const refused = numbers.flatMap((n, index) => (isBad(n, bad) ? [{ index, reason: `${n}` }] : []))
  const good = numbers.filter(n => !isBad(n, bad))
  const fits = records.length <= most
  const accepted = fits && (refused.length === 0 || named)
  if (mishap.startsWith('accepted') && accepted) acceptBody(arrival, good)
  const instead = mishaps[mishap]
  if (instead !== undefined) instead(response)
  else if (!fits) response.writeHead(413).end('too large')
  else if (!accepted) response.writeHead(422).end('bad')
  else {
    acceptBody(arrival, good)
    response.writeHead(refused.length > 0 ? 207 : 200).end(JSON.stringify(refused))
  }
}

t.test(
  'toHttp: with any receiver, every record is delivered once under its key, and the counts add up',
  async t => {
    const receiving = await receive(t, behave)
    let repeated = 0
    const property = fc.asyncProperty(scenario, async given => {
      ;({ most, bad, named } = given)
      script = [...given.script]
      acceptedBodies.clear()
      bodies.clear()
      order = []
      receiving.arrivals.length = 0
      const deadLetter = toArray<DeadLetter<Numbered>>({ max: 100 })
      const { format, compression, concurrency, order: wanted, records, bytes } = given
      const options: HttpOptions<Numbered> = {
        format,
        compression,
        concurrency,
        order: wanted,
        ...(format === 'single' ? {} : { batch: { records, bytes } }),
        onRefused: 'dead-letter',
        deadLetter,
        ...(named
          ? { readAnswer: ({ status, body }) => (status < 300 ? { refused: JSON.parse(body) } : undefined) }
          : {}),
        retry: { retries: 100 },
      }
      const all = numbersOf(numbered(given.count))
      const { records: done, sink } = await run(
        numbered(given.count),
        toHttp(receiving.origin, withClock(options, instantClock)),
      )

      const dead = deadLetter.records.map(({ record }) => record.n)
      const delivered = new Set([...order, ...dead])
      assert.deepEqual(ascending(delivered), all, 'every record is delivered or a dead letter')
      assert.equal(
        order.length + dead.length,
        all.length,
        'no record is delivered twice, if keys are respected',
      )
      assert.deepEqual(changedKeys, [], 'a key always has the same body')
      if (bad === 0) assert.deepEqual(dead, [])
      if (named) {
        assert.deepEqual(
          ascending(dead),
          all.filter(n => isBad(n, bad)),
          'only the named records are refused',
        )
      }
      if (wanted === 'strict') {
        assert.deepEqual(order, ascending(order), 'the records are in order')
        assert.deepEqual(dead, ascending(dead), 'the records are in order')
      }
      const counts = sink as unknown as Record<string, number>
      assert.equal(done, all.length)
      assert.equal(counts.received, all.length)
      assert.equal(counts.acknowledged, all.length)
      assert.equal(counts.refused, dead.length)
      assert.equal(counts.batches, bodies.size - (counts.splits ?? 0), 'every body was acknowledged or split')
      assert.equal(counts.requests, receiving.arrivals.length)
      assert.equal(counts.requests, (counts.batches ?? 0) + (counts.splits ?? 0) + (counts.retries ?? 0))
      const sentBodies = new Map(receiving.arrivals.map(({ key, sent, records }) => [key, { sent, records }]))
      const expected = [...sentBodies.values()].filter(
        ({ records }) => records.length <= most || records.length === 1,
      )
      assert.equal(
        counts.bytes,
        expected.reduce((sum, { sent }) => sum + sent.length, 0),
      )
      assert.ok(receiving.most <= 5)
      repeated += counts.retries ?? 0
    })
    await t.resolves(fc.assert(property, { numRuns: 80 }))
    t.ok(repeated > 30, `${repeated} retries`)
  },
)

t.test('toHttp: with failing requests, no more than concurrency are in flight', async t => {
  for (const concurrency of [1, 2, 4]) {
    let requests = 0
    const other = await receive(t, (_arrival, response) => {
      requests += 1
      if (requests % 4 === 0) response.writeHead(500).end()
      else if (requests % 5 === 0) response.socket?.destroy()
      else void turns(5).then(() => response.end())
    })
    const options = { concurrency, batch: { records: 1 }, retry: { retries: 100 } }
    const { records } = await run(numbered(60), toHttp(other.origin, withClock(options, instantClock)))
    t.equal(records, 60)
    t.equal(other.most, concurrency)
  }
})
