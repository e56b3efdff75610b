import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { LeadpipeError } from '../../../lib/errors.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { failureOf } from '../../support/failureOf.ts'
import { listen } from '../../support/listen.ts'

t.test('toHttp: an error response of a receiver is not described as one of the portal', async t => {
  const daily = JSON.stringify({ message: 'come back tomorrow', policyName: 'DAILY' })
  const cases: [status: number, body: string, code: string, why: string][] = [
    [401, 'who are you?', 'AUTH', 'the credentials were refused: it answered 401: who are you?'],
    [403, '', 'AUTH', 'the credentials were refused: it answered 403'],
    [429, daily, 'RATE_LIMIT', 'too many requests: it answered 429: come back tomorrow'],
    [302, '', 'HTTP', 'redirects are not followed: it answered 302'],
  ]
  for (const [status, body, code, why] of cases) {
    const { origin } = await listen(t, (request, response) => {
      request.resume()
      response.writeHead(status, { 'x-hubspot-ratelimit-daily-remaining': '0' }).end(body)
    })
    const url = `${origin}/hook`
    const sink = toHttp(url, { retry: { retries: 0 } })
    const error = await failureOf(pipeline(Readable.from([{ n: 1 }]), sink))
    if (!(error instanceof LeadpipeError) || !(error.cause instanceof LeadpipeError)) throw error
    t.match(error, { code: 'SINK', cause: { code } })
    t.equal(
      error.message,
      `can't deliver to ${url}: ${why}; of 1 records received, 0 were acknowledged and 1 were not`,
    )
    t.equal(error.cause.message, why.replace('it answered', `${url} answered`))
    t.notMatch(`${error.message} ${error.cause.message}`, /portal|daily/)
  }
})
