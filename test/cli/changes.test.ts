import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cli } from '../support/cliInProcess.ts'
import { listen } from '../support/listen.ts'

const n = '9007199254740993'

/** The arguments for a portal of one page of these leads. */
async function portalOf(t: Test, ...leads: string[]): Promise<string[]> {
  const { origin } = await listen(t, (request, response) => {
    const isFirst = !new URL(request.url ?? '', 'http://x').searchParams.has('offset')
    response.end(isFirst ? Buffer.from(`[${leads.join(',')}]`, 'latin1') : '[]')
  })
  return ['--origin', origin, '--access-token', 'a-token', '--paging', 'offset']
}

t.test('leadpipe export: values that changed are said on standard error, even with --quiet', async t => {
  const access = await portalOf(t, `{"guid":"a","n":${n},"m":[1e400,${n}]}`, '{"guid":"\xe9","a":1,"a":2}')
  for (const quiet of [['--quiet'], []]) {
    const { code, stdout, stderr } = await cli(['export', '-', ...access, '--select', 'guid', ...quiet])
    t.equal(code, 0)
    t.equal(stdout, '{"guid":"a"}\n{"guid":"\ufffd"}\n')
    const said = [
      'leadpipe: 1 character was replaced by U+FFFD, not being UTF-8',
      'leadpipe: 1 repeated key was dropped: the last value of each key is kept',
      'leadpipe: 2 numbers were rounded, having more digits than a double holds (--long-numbers text keeps them)',
      "leadpipe: 1 number was kept as text, which a double can't hold",
      '',
    ].join('\n')
    if (quiet.length > 0) t.equal(stderr, said)
    else t.ok(stderr.startsWith(said), stderr)
  }
})

t.test('leadpipe export: a file of unchanged leads has every digit, and nothing is said', async t => {
  const lead = `{"guid":"a","n":${n},"m":[1e400,${n}]}`
  const access = await portalOf(t, lead)
  const path = join(t.testdir(), 'leads.ndjson')
  t.match(await cli(['export', path, ...access]), { code: 0, stderr: '' })
  t.equal(readFileSync(path, 'utf8'), `${lead}\n`)
})

t.test(
  'leadpipe export: --long-numbers text keeps digits in changed leads, and the report counts them',
  async t => {
    const access = await portalOf(t, `{"guid":"a","crmDetails":{"n":${n}},"leadId":1}`)
    const select = [
      '--select',
      'guid,n=crmDetails.n',
      '--allow-undocumented',
      '--long-numbers',
      'text',
      '--json',
    ]
    const path = join(t.testdir(), 'leads.ndjson')
    const { code, stdout } = await cli(['export', path, ...access, ...select])
    t.equal(code, 0)
    t.equal(readFileSync(path, 'utf8'), `{"guid":"a","n":"${n}"}\n`)
    t.match(JSON.parse(stdout).source, { roundedNumbers: 0, textNumbers: 1 })
    const wrong = await cli(['export', path, ...access, '--long-numbers', 'keep'])
    t.match(wrong, { code: 2, stderr: /'keep' is invalid.*round, text/ })
  },
)

t.test('leadpipe export: changes are said if the export fails, too', async t => {
  const leads = Array.from({ length: 3 }, (_, i) => `{"guid":"${i}\xe9"}`)
  const { origin } = await listen(t, (request, response) => {
    const offset = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset') ?? 0)
    response.end(offset === 0 ? Buffer.from(`[${leads.join(',')}]`, 'latin1') : '[{"guid":7}]')
  })
  const args = ['--origin', origin, '--access-token', 'a-token', '--paging', 'offset', '--quiet']
  const { code, stderr } = await cli(['export', '-', ...args])
  t.equal(code, 1)
  t.match(stderr, /^leadpipe: 3 characters were replaced by U\+FFFD, not being UTF-8\nleadpipe: /)
})

t.test('leadpipe replay: it says what it changed, and takes --long-numbers', async t => {
  const folder = t.testdir()
  const [path, out] = [join(folder, 'rejected.ndjson'), join(folder, 'out.ndjson')]
  const raw = `{"guid":"a","email":1,"email":"b","n":${n}}`
  writeFileSync(path, `${JSON.stringify({ raw, code: 'INVALID_LEAD' })}\n`)
  const round = await cli(['replay', path, out])
  t.match(round, {
    code: 0,
    stderr: /^leadpipe: 1 repeated key was dropped.*\nleadpipe: 1 number was rounded/,
  })
  t.match(round.stdout, /^1 lead read\n/)
  const text = await cli(['replay', path, out, '--long-numbers', 'text'])
  t.match(text, { code: 0, stderr: /leadpipe: 1 number was kept as text/ })
  t.equal(readFileSync(out, 'utf8'), `{"guid":"a","email":"b","n":"${n}"}\n`)
})

t.test(
  'leadpipe export: --null-fields keep writes null and "" as they came, and the error names the flag',
  async t => {
    const lead = '{"guid":"a","email":null,"closedAt":"","leadConversionEvents":""}'
    const event = '{"guid":"b","leadConversionEvents":[{"formName":null}],"crmDetails":null}'
    const access = await portalOf(t, lead, event)
    const path = join(t.testdir(), 'leads.ndjson')
    const rejected = await cli(['export', path, ...access])
    t.match(rejected, {
      code: 1,
      stderr: /^leadpipe: lead a: .*; set --null-fields to 'keep' to accept null and ""\n$/,
    })
    t.match(await cli(['export', path, ...access, '--null-fields', 'reject']), { code: 1 })
    t.match(await cli(['export', path, ...access, '--null-fields', 'keep']), { code: 0, stderr: '' })
    t.equal(readFileSync(path, 'utf8'), `${lead}\n${event}\n`)
    const select = [
      '--explode',
      'events',
      '--select',
      'guid,form=conversionEvent.formName,crm=crmDetails.status',
    ]
    const exploded = await cli(['export', '-', ...access, '--null-fields', 'keep', ...select])
    t.match(exploded, { code: 0, stdout: '{"guid":"b","form":null}\n' })
  },
)
