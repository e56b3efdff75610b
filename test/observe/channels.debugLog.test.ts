import t from 'tap'
import { runProcess } from '../support/runProcess.ts'

t.jobs = 2

t.test(
  'NODE_DEBUG=leadpipe writes requests, retries and pages to standard error, without the token',
  { buffered: true },
  async t => {
    const env = { NODE_DEBUG: 'leadpipe' }
    const { code, stdout, stderr } = await runProcess('test/observe/fixtures/pullLeads.ts', [], { env })
    t.equal(code, 0, stderr)
    t.equal(stdout, '2\n')
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map(line => line.replace(/^LEADPIPE \d+: /, '').replace(/127\.0\.0\.1:\d+/g, 'HOST'))
    const url = 'http://HOST/leads/v1/list?access_token=***&max=100'
    t.strictSame(lines, [
      `GET ${url}: 503 after 0 ms (attempt 1)`,
      `GET ${url}: attempt 1 failed, next in 0 ms: ${url} answered 503: busy`,
      `GET ${url}: 200 after 0 ms (attempt 2)`,
      'page 1: 2 leads, 27 bytes',
      `GET ${url}&offset=2: 200 after 0 ms (attempt 1)`,
      'page 2: 0 leads, 2 bytes',
    ])
  },
)

t.test('without NODE_DEBUG nothing is written to standard error', { buffered: true }, async t => {
  const { stdout, stderr } = await runProcess('test/observe/fixtures/pullLeads.ts')
  t.equal(stdout, '2\n')
  t.equal(stderr, '')
})
