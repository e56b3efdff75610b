import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { LeadpipeError, type LeadpipeErrorOf } from '../../lib/errors.ts'
import { noListError } from '../../lib/hubspot/portalError.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

const token = 'a-t0ken/of+mine'
const html = `<html><style>b{}</style><body><h1>Sorry</h1>\n<p>Back soon (access_token=${token})</p></body></html>`
const json = 'application/json'

interface Other {
  status?: number
  type?: string
  body: string
}

/** A server that answers the first `times` requests with something else than a list, and then with a lead. */
async function serve(t: Test, { status = 200, type, body }: Other, times: number) {
  const { origin, targets } = await listen(t, (request, response: ServerResponse) => {
    if (targets.length > times) {
      response.end(request.url?.includes('offset=') ? '[]' : '[{"guid":"a"}]')
      return
    }
    response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body)
  })
  return { origin, targets, client: openClient(t, origin, { accessToken: token }) }
}

const problem = 'the body is not valid JSON'
const noArray = 'expected a JSON array, found an object'
const transient: [other: Other, message: string][] = [
  [
    { type: 'text/html; charset=latin1', body: html },
    `${problem}; URL answered 200: Sorry Back soon (access_token=***) (text/html; charset=latin1)`,
  ],
  [
    { type: json, body: `\n ${html}` },
    `${problem}; URL answered 200: Sorry Back soon (access_token=***) (${json})`,
  ],
  [{ body: 'Service Unavailable' }, `${problem}; URL answered 200: Service Unavailable`],
  [{ status: 204, body: '' }, 'the body is empty; URL answered 204'],
  [{ type: json, body: ' \n' }, `the body is empty; URL answered 200 (${json})`],
  [
    { type: json, body: `{"status":"error","message":"internal error for ${token}","correlationId":"1"}` },
    `${noArray}; URL answered 200: internal error for *** (${json})`,
  ],
]

for (const [other, message] of transient) {
  t.test(`a success with the body ${inspect(other.body.slice(0, 30))} is requested again`, async t => {
    const { client } = await serve(t, other, 2)
    t.strictSame(await leadsByOffset(client).toArray(), [{ guid: 'a' }])

    const { origin, targets, client: hopeless } = await serve(t, other, Infinity)
    const error = (await failureOf(leadsByOffset(hopeless).toArray())) as LeadpipeErrorOf<'DECODE'>
    const url = `${origin}/leads/v1/list?access_token=***&max=100`
    t.equal(targets.length, 6)
    t.match(error, {
      code: 'DECODE',
      retryable: true,
      context: { page: 1, attempts: 6, url, status: other.status ?? 200, contentType: other.type ?? '' },
    })
    t.match(error.message, message.replace('URL', url))
    t.notMatch(inspect(error, { depth: 20 }), token)
  })
}

t.test(
  'an object that is neither a list nor an error is not requested again, but the error shows it',
  async t => {
    const { origin, targets, client } = await serve(
      t,
      { type: json, body: '{"message":"v2 only"}' },
      Infinity,
    )
    t.match(await failureOf(leadsByOffset(client).toArray()), {
      code: 'DECODE',
      retryable: false,
      message: `page 1, byte 0: ${noArray}; ${origin}/leads/v1/list?access_token=***&max=100 answered 200: v2 only (${json})`,
    })
    t.equal(targets.length, 1)
  },
)

t.test('a list in an object: its beginning stays, and any other object is shown', async t => {
  const answer = { status: 200, url: 'https://api.example/x', headers: { 'content-type': json } }
  const error = new LeadpipeError('DECODE', problem, { context: { problem: 'malformed' } })
  const explained = (beginning: string, elements: string[]) =>
    noListError(error, answer, beginning, { redact: text => text, now: 0, elements })
  for (const list of ['{"results":[', ' {"total": 7, "results" : [{"id":"secret']) {
    t.equal(explained(list, ['results']), error)
  }
  t.match(explained('{"status":"error","message":"later"}', ['results']), {
    retryable: true,
    message: `${problem}; https://api.example/x answered 200: later (${json})`,
  })
  for (const [other, elements] of [
    ['{"message":"no results"}', ['results']],
    ['[]', ['results']],
    ['{"results":[]}', []],
  ] as const) {
    t.match(explained(other, [...elements]), { retryable: false, message: / answered 200: / }, other)
  }
})

t.test('a list is read, whatever its Content-Type is', async t => {
  for (const type of ['text/html', 'text/plain; charset=iso-8859-1', 'image/png', 'nonsense']) {
    const { origin } = await listen(t, (request, response) => {
      response.writeHead(200, { 'content-type': type })
      response.end(request.url?.includes('offset=') ? '[]' : '[{"guid":"é"}]')
    })
    t.strictSame(await leadsByOffset(openClient(t, origin)).toArray(), [{ guid: 'é' }])
  }
})

t.test('the error for a list that is damaged later shows nothing of its leads', async t => {
  for (const body of ['[{"guid":"a-secret"},<html>]', '[{"guid":"a-secret",,}]', '[<html>a-secret</html>]']) {
    const { client, targets } = await serve(t, { body }, Infinity)
    const error = (await failureOf(leadsByOffset(client).toArray())) as LeadpipeErrorOf<'DECODE'>
    t.match(error, { code: 'DECODE', retryable: false, context: { problem: 'malformed' } })
    t.notMatch(inspect([error.message, error.context]), /secret|answered/)
    t.equal(targets.length, 1)
  }
})
