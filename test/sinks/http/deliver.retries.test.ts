import type { ServerResponse } from 'node:http'
import t from 'tap'
import { withClock } from '../../../lib/http/Clock.ts'
import { run } from '../../../lib/run/run.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { FakeClock } from '../../support/FakeClock.ts'
import { failureOf } from '../../support/failureOf.ts'
import { numbered, numbersOf } from '../../support/numbered.ts'
import { type Arrival, receive } from '../../support/receive.ts'

const first: Record<string, (response: ServerResponse, arrival: Arrival) => void> = {
  '408': response => response.writeHead(408).end(),
  '425': response => response.writeHead(425).end(),
  '429': response => response.writeHead(429, { 'retry-after': '7' }).end(),
  '500': response => response.writeHead(500).end('<h1>Oh</h1>'),
  '503': response => response.writeHead(503).end(),
  'a connection that breaks before the response': response => response.socket?.destroy(),
  'a response that is not HTTP': response => response.socket?.end('What?\r\n\r\n'),
  'headers that never arrive': () => {},
}

for (const [what, answer] of Object.entries(first)) {
  t.test(`toHttp: after ${what}, the same body is sent again under the same key`, async t => {
    const receiving = await receive(t, (arrival, response) => {
      if (receiving.arrivals.length > 1) response.end()
      else answer(response, arrival)
    })
    const clock = new FakeClock()
    const { sink } = await run(
      numbered(3),
      toHttp(receiving.origin, withClock({ timeouts: { headers: 500 } }, clock)),
    )
    t.match(sink, { acknowledged: 3, requests: 2, retries: 1, batches: 1 })
    const [one, other] = receiving.arrivals
    t.equal(one?.key, other?.key)
    t.equal(one?.text, other?.text)
    // The wait of this request; a 429 also pauses all others.
    t.strictSame(clock.waits, what === '429' ? [7_000, 7_000] : [500])
  })
}

t.test('toHttp: a Retry-After pauses every request of the sink', async t => {
  const clock = new FakeClock()
  clock.hold = true
  const signals: (AbortSignal | undefined)[] = []
  const held = clock.wait
  clock.wait = (milliseconds, signal) => {
    signals.push(signal)
    return held(milliseconds, signal)
  }
  const receiving = await receive(t, (_arrival, response) => {
    if (receiving.arrivals.length === 1) response.writeHead(429, { 'retry-after': '30' }).end()
    else response.end()
  })
  const sink = toHttp(receiving.origin, withClock({ concurrency: 1, batch: { records: 1 } }, clock))
  let waits = 0
  clock.onWait = () => {
    waits += 1
    // The wait of this request, and the pause of all.
    if (waits === 2) sink.destroy()
  }
  await failureOf(run(numbered(5), sink))
  t.equal(receiving.arrivals.length, 1)
  t.strictSame(clock.waits, [30_000, 30_000])
  t.ok(
    signals.every(signal => signal?.aborted),
    'destroy() ends every wait',
  )
})

for (const status of [301, 302, 307, 308]) {
  t.test(`toHttp: a redirect with ${status} is a SINK error, and is not followed`, async t => {
    const receiving = await receive(t, (_arrival, response) =>
      response.writeHead(status, { location: '/elsewhere' }).end(),
    )
    t.match(await failureOf(run([1], toHttp(receiving.origin, { onRefused: 'skip' }))), {
      code: 'SINK',
      retryable: false,
      message: `redirects are not followed: it answered ${status} with the location ${receiving.origin}/elsewhere`,
      context: { status },
    })
    t.equal(receiving.arrivals.length, 1)
  })
}

for (const status of [401, 403, 405, 406, 407, 411, 414, 417, 421, 426, 431]) {
  t.test(
    `toHttp: a ${status} is a SINK error at once and without a retry, whatever onRefused and readAnswer are`,
    async t => {
      const receiving = await receive(t, (_arrival, response) =>
        response.writeHead(status).end('who are you?'),
      )
      const options = { onRefused: 'skip', readAnswer: () => ({ refused: [] }) } as const
      t.match(await failureOf(run(numbered(3), toHttp(receiving.origin, options))), {
        code: 'SINK',
        retryable: false,
        message: /who are you\?; of 3 records received, 0 were/,
        context: { status, acknowledged: 0, unacknowledged: 3 },
        cause: { code: status === 401 || status === 403 ? 'AUTH' : 'HTTP', context: { status } },
      })
      t.equal(receiving.arrivals.length, 1)
    },
  )
}

t.test('toHttp: a batch refused with 413 is split in halves in order, with new keys', async t => {
  const accepted: number[][] = []
  const receiving = await receive(t, ({ records }, response) => {
    if (records.length > 3) response.writeHead(413).end()
    else {
      accepted.push(numbersOf(records))
      response.end()
    }
  })
  const { sink } = await run(numbered(10), toHttp(receiving.origin, { batch: { records: 10 } }))
  t.strictSame(accepted, [
    [0, 1, 2],
    [3, 4],
    [5, 6, 7],
    [8, 9],
  ])
  t.match(sink, { acknowledged: 10, batches: 4, splits: 3, requests: 7, retries: 0 })
  t.equal(new Set(receiving.arrivals.map(({ key }) => key)).size, 7)
})

t.test('toHttp: a single record refused with 413 is handled by onRefused, not by readAnswer', async t => {
  const { origin } = await receive(t, ({ records }, response) => {
    response.writeHead(numbersOf(records).includes(2) ? 413 : 200).end()
  })
  const readAnswer = ({ status }: { status: number }) => (status === 413 ? { refused: [] } : undefined)
  const { sink } = await run(numbered(5), toHttp(origin, { onRefused: 'skip', readAnswer }))
  t.match(sink, { acknowledged: 5, refused: 1 })
  t.match(await failureOf(run(numbered(5), toHttp(origin))), {
    code: 'SINK',
    context: { status: 413, acknowledged: 2, unacknowledged: 3 },
  })
})

t.test('toHttp: a 2xx whose body breaks off counts as accepted', async t => {
  const { origin, arrivals } = await receive(t, (_arrival, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half')
    setImmediate(() => response.socket?.destroy())
  })
  const { records } = await run(numbered(3), toHttp(origin))
  t.equal(records, 3)
  t.equal(arrivals.length, 1)
})

t.test('toHttp: a response body without an end does not delay the next request', async t => {
  const { origin } = await receive(t, (_arrival, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  })
  const { records } = await run(numbered(6), toHttp(origin, { concurrency: 1, batch: { records: 2 } }))
  t.equal(records, 6)
})

t.test('toHttp: a response in an encoding that was not requested counts as accepted', async t => {
  const { origin } = await receive(t, (_arrival, response) =>
    response.writeHead(200, { 'content-encoding': 'br' }).end('?'),
  )
  t.equal((await run([1], toHttp(origin))).records, 1)
})

t.test('toHttp: a 409 with a Retry-After is retried, whatever onRefused and readAnswer are', async t => {
  const receiving = await receive(t, (_arrival, response) => {
    if (receiving.arrivals.length <= 2) response.writeHead(409, { 'retry-after': '3' }).end()
    else response.end()
  })
  const clock = new FakeClock()
  const options = { onRefused: 'skip', readAnswer: () => undefined } as const
  const { sink } = await run(numbered(3), toHttp(receiving.origin, withClock(options, clock)))
  t.match(sink, { acknowledged: 3, refused: 0, requests: 3, retries: 2 })
  t.strictSame(clock.waits, [3_000, 3_000])
  t.equal(new Set(receiving.arrivals.map(({ key }) => key)).size, 1)
})

const unanswered: Record<string, (response: ServerResponse) => void> = {
  'a connection that breaks': response => response.socket?.destroy(),
  'a timeout': () => {},
  "a gateway's 502": response => response.writeHead(502).end(),
  "a gateway's 504": response => response.writeHead(504).end(),
}

for (const [what, answer] of Object.entries(unanswered)) {
  t.test(`toHttp: a 409 after ${what} is retried, because the receiver may process the batch`, async t => {
    const receiving = await receive(t, (_arrival, response) => {
      if (receiving.arrivals.length === 1) answer(response)
      else if (receiving.arrivals.length <= 3) response.writeHead(409).end()
      else response.end()
    })
    const options = { onRefused: 'skip', timeouts: { headers: 500 } } as const
    const sink = toHttp(receiving.origin, withClock(options, new FakeClock()))
    t.match((await run(numbered(3), sink)).sink, { acknowledged: 3, refused: 0, requests: 4 })
  })
}

t.test('toHttp: a 409 after an attempt without an answer never counts as refused', async t => {
  const receiving = await receive(t, (_arrival, response) => {
    if (receiving.arrivals.length === 1) response.socket?.destroy()
    else response.writeHead(409).end('in progress')
  })
  const sink = toHttp(receiving.origin, withClock({ onRefused: 'skip' }, new FakeClock()))
  t.match(await failureOf(run(numbered(3), sink)), {
    code: 'SINK',
    retryable: true,
    message:
      /it answered 409: in progress, after an attempt that was not answered: the receiver may have accepted the records/,
    context: { status: 409, acknowledged: 0, unacknowledged: 3 },
  })
})

t.test('toHttp: any other 409 refuses the batch', async t => {
  for (const first of [200, 503]) {
    const receiving = await receive(t, (_arrival, response) => {
      response.writeHead(receiving.arrivals.length === 1 ? first : 409).end()
    })
    const options = { onRefused: 'skip', batch: { records: 1 }, concurrency: 1 } as const
    const { sink } = await run(numbered(2), toHttp(receiving.origin, withClock(options, new FakeClock())))
    t.match(sink, { acknowledged: 2, refused: first === 200 ? 1 : 2 })
  }
})

t.test('toHttp: after an attempt without an answer, readAnswer decides what a 409 means', async t => {
  const receiving = await receive(t, (_arrival, response) => {
    if (receiving.arrivals.length === 1) response.socket?.destroy()
    else response.writeHead(409).end('done already')
  })
  const readAnswer = ({ body }: { body: string }) => (body === 'done already' ? { refused: [] } : undefined)
  const sink = toHttp(receiving.origin, withClock({ readAnswer }, new FakeClock()))
  t.match((await run(numbered(3), sink)).sink, { acknowledged: 3, refused: 0, requests: 2 })
})
