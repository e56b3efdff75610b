import { text as textOf } from 'node:stream/consumers'
import t from 'tap'
import { RetryBudget } from '../../lib/http/retry.ts'
import { failureOf } from '../support/failureOf.ts'
import { instantClock } from '../support/instantClock.ts'
import { pageAfterPage } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/** The number of retries that a budget grants after this many requests. */
function grantedRetries(share: number, requests: number): number {
  const budget = new RetryBudget(share)
  for (let request = 0; request < requests; request += 1) budget.request()
  let retries = 0
  while (retries < 1_000_000 && budget.take()) retries += 1
  return retries
}

t.test(
  'RetryBudget: 100 retries are free; beyond them, the retries stay below the share of the requests',
  async t => {
    t.equal(grantedRetries(0.5, 0), 100)
    t.equal(grantedRetries(0.5, 200), 100)
    t.equal(grantedRetries(0.5, 201), 101)
    t.equal(grantedRetries(0.5, 1_000), 500)
    t.equal(grantedRetries(0, 1_000_000), 100)
    t.equal(grantedRetries(10, 1_000), 10_000)
  },
)

t.test('RetryBudget: state describes its use, and further requests grant further retries', async t => {
  const budget = new RetryBudget(0.5)
  for (let i = 0; i < 200; i += 1) budget.request()
  for (let i = 0; i < 100; i += 1) t.ok(budget.take())
  t.notOk(budget.take())
  t.notOk(budget.take(), 'a refused retry is not counted')
  t.equal(budget.state, '100 retries in 200 requests')
  budget.request()
  t.ok(budget.take())
  t.notOk(budget.take())
})

t.test(
  'RetryBudget: all requests of a client share the budget, and the error says so when it is used up',
  async t => {
    const { origin, targets } = await listen(t, (request, response) => {
      response.writeHead(request.url?.startsWith('/good') ? 200 : 500).end('[]')
    })
    const client = openClient(t, origin, { retry: { retries: 10, budget: 0 } }, instantClock)
    for (let i = 0; i < 10; i += 1) {
      t.match(await failureOf(client.get(`/bad${i}`, '')), { context: { attempts: 11 } })
    }
    const error = await failureOf(client.get('/last', ''))
    t.match(error, { code: 'HTTP', retryable: true, context: { status: 500, attempts: 1 } })
    t.match(
      (error as Error).message,
      /answered 500: \[\] \(after 1 attempt; the retry budget is used up: 100 retries in 11 requests\)$/,
    )
    t.equal(targets.length, 111)
    t.equal(
      await textOf((await client.get('/good', '')).body),
      '[]',
      'requests that succeed are not affected',
    )
    const other = openClient(t, origin, { retry: { retries: 1, budget: 0 } })
    t.match(
      await failureOf(other.get('/other', '')),
      { context: { attempts: 2 } },
      'each client has its own budget',
    )
  },
)

t.test('RetryBudget: a page that is requested again after a broken body counts as a retry', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    const offset = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset') ?? 0)
    response.end(`[{"guid":"${offset}"},`)
  })
  const source = pageAfterPage(openClient(t, origin, {}, instantClock))
  t.match(await failureOf(source.toArray()), {
    code: 'DECODE',
    message:
      /the body ends .+ \(after 1 attempt; the retry budget is used up: 100 retries in 101 requests\)$/,
  })
  t.equal(targets.length, 101)
  t.match(source.counts, { retries: 100, delivered: 101 })
})
