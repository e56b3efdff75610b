import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Lead } from '../../lib/index.ts'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'
import { cli } from '../support/cliInProcess.ts'
import { listen } from '../support/listen.ts'
import { seekOrder } from '../support/seekOrder.ts'

const portal = await createPortal({ leads: 250 })
t.teardown(() => portal.close())
const all = [...generateLeads({ count: 250 })].toSorted(seekOrder)
const listed = all.filter(lead => !lead.isDeleted)
const access = ['--origin', portal.origin, '--access-token', portal.accessToken]
const lines = (text: string) =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))

t.test('leadpipe export: it writes every lead to a file, and prints how many and where', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  const { code, stdout, stderr } = await cli(['export', path, ...access])
  t.equal(code, 0)
  t.equal(stderr, '')
  t.same(lines(readFileSync(path, 'utf8')), listed)
  t.match(stdout, `${listed.length} records written to ${path}`)
  t.match(stdout, 'the numbers add up')
})

t.test('leadpipe export: a page of which only some leads are taken is counted', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  for (const flags of [[], ['--paging', 'offset'], ['--max', '10']]) {
    const { stdout } = await cli(['export', path, ...access, '--limit', '2', ...flags])
    t.match(stdout, /^2 leads in 1 page, /, flags.join(' '))
  }
})

t.test('leadpipe export: --json prints the report as one JSON object', async t => {
  const path = join(t.testdir(), 'leads.json.gz')
  const { code, stdout } = await cli(['export', path, ...access, '--include-deleted', '--json'])
  t.equal(code, 0)
  const report = JSON.parse(stdout)
  t.match(report, { read: 250, records: 250, skipped: 0, source: { retries: 0, malformed: 0 } })
  t.equal(report.source.requests, report.source.pages)
  t.same(JSON.parse(gunzipSync(readFileSync(path)).toString()), all)
  const pageByPage = ['--paging', 'offset', '--concurrency', '1', '--include-deleted', '--json']
  const byOffset = await cli(['export', path, ...access, ...pageByPage])
  t.match(JSON.parse(byOffset.stdout), { read: 250, records: 250, source: { pages: 4, requests: 4 } })
})

t.test('leadpipe export: with records on standard output, --json prints to standard error', async t => {
  const { code, stdout, stderr } = await cli(['export', '-', ...access, '--limit', '3', '--json'])
  t.equal(code, 0)
  t.same(lines(stdout), listed.slice(0, 3))
  t.equal(JSON.parse(stderr).records, 3)
})

t.test('leadpipe export: --quiet prints nothing if the export succeeds', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  t.match(await cli(['export', path, ...access, '--quiet']), { code: 0, stdout: '', stderr: '' })
})

t.test('leadpipe export: --explode and --select shape the records', async t => {
  const select = 'guid,form=conversionEvent.formName,value=formValue.fieldValue'
  const { stdout } = await cli(['export', '-', ...access, '--explode', 'values', '--select', select])
  const expected = listed.flatMap(lead =>
    (lead.leadConversionEvents ?? []).flatMap(event =>
      (event.formSubmissionValues ?? []).map(value => ({
        guid: lead.guid,
        form: event.formName,
        value: value.fieldValue,
      })),
    ),
  )
  t.ok(expected.length > 100)
  t.same(lines(stdout), expected)
})

t.test(
  'leadpipe export: a field of --select that is not documented is wrong usage, unless it is allowed',
  async t => {
    const lead = { guid: 'x', emial: 'x@example.com' } as Lead
    const own = await createPortal({ leads: [lead] })
    t.teardown(() => own.close())
    const select = ['--select', 'guid,emial', '--quiet']
    const access = ['export', '-', '--origin', own.origin, '--access-token', own.accessToken]
    const args = [...access, ...select]
    const refused = await cli(args)
    t.match(refused, { code: 2, stdout: '' })
    t.match(
      refused.stderr,
      /^leadpipe: --select: expected documented fields .*, received "emial"; .*--allow-undocumented .*\n$/,
    )
    const events = ['--select', 'leadConversionEvents', '--exclude-conversion-events']
    const without = await cli([...access, ...events])
    t.match(without, { code: 2, stderr: 'it is left out by --exclude-conversion-events' })
    t.equal(own.requestCount, 0)
    const replayed = await cli(['replay', join(t.testdir(), 'none.ndjson'), '-', ...select])
    t.match(replayed, { code: 2, stderr: /"emial"/ })
    const allowed = await cli([...args, '--allow-undocumented'])
    t.match(allowed, { code: 0, stderr: '' })
    t.same(lines(allowed.stdout), [lead])
  },
)

t.test('leadpipe export: --on-invalid skip leaves out invalid leads, and prints how many', async t => {
  const portal = await createPortal({ leads: [{ guid: 'a' }, { guid: 'b', score: 'high' }, { guid: 'c' }] })
  t.teardown(() => portal.close())
  const args = ['--origin', portal.origin, '--access-token', portal.accessToken]
  const failed = await cli(['export', '-', ...args])
  t.equal(failed.code, 1)
  t.match(failed.stderr, /^leadpipe: lead b: \/score must be number\n$/)
  const skipped = await cli(['export', '-', ...args, '--on-invalid', 'skip'])
  t.equal(skipped.code, 0)
  t.same(lines(skipped.stdout), [{ guid: 'a' }, { guid: 'c' }])
  t.match(skipped.stderr, '1 invalid lead skipped')
})

t.test(
  'leadpipe export: it warns if another flag causes offset paging, unless --paging offset or --quiet is given',
  async t => {
    const note = (reasons: string) =>
      `leadpipe: read by offset because of ${reasons}: leads may be missed or delivered twice if others are inserted or deleted meanwhile (give --paging offset to confirm)\n`
    const cases: [flags: string[], said: string][] = [
      [['--dir', 'desc'], note('--dir')],
      [['--sort', 'guid', '--offset', '1'], note('--sort and --offset')],
      [['--max', '1', '--limit', '1'], note('--max 1')],
      [['--dir', 'desc', '--paging', 'offset'], ''],
      [['--dir', 'desc', '--quiet'], ''],
      [['--guid', listed[0]?.guid as string, '--dir', 'desc'], ''],
    ]
    for (const [flags, printed] of cases) {
      const { code, stderr } = await cli(['export', '/dev/null', '--format', 'ndjson', ...access, ...flags])
      t.equal(code, 0)
      t.equal(stderr, printed, flags.join(' '))
    }
  },
)

t.test('leadpipe export: every parameter is sent in the spelling of the API documentation', async t => {
  const guids = listed.slice(0, 2).map(lead => lead.guid)
  const before = portal.requestCount
  const { code } = await cli([
    ...['export', '-', ...access, '--search', 'a&b', '--sort', 'email', '--dir', 'desc', '--max', '50'],
    ...['--start-time', '2010-06-01', '--stop-time', '1320349394338'],
    ...['--time-pivot', 'lastModifiedAt', '--exclude-conversion-events', '--opt-out', '--eligible-for-email'],
    ...['--bounced', '--is-not-imported', '--include-deleted'],
    ...guids.flatMap(guid => ['--guid', guid]),
  ])
  t.equal(code, 0)
  t.equal(portal.requestCount, before + 1)
  const query = `search=a%26b&sort=email&dir=desc&max=50&startTime=${Date.UTC(2010, 5, 1)}&stopTime=1320349394338&timePivot=lastModifiedAt&excludeConversionEvents=true&optOut=true&eligibleForEmail=true&bounced=true&isNotImported=true&includeDeleted=true&guids[0]=${guids[0]}&guids[1]=${guids[1]}`
  t.match(portal.requests.at(-1)?.url, query)
})

t.test('leadpipe export: the token can be in LEADPIPE_ACCESS_TOKEN', async t => {
  const env = { LEADPIPE_ACCESS_TOKEN: portal.accessToken }
  const { code, stdout } = await cli(['export', '-', '--origin', portal.origin, '--limit', '1'], env)
  t.equal(code, 0)
  t.equal(lines(stdout).length, 1)
})

t.test('leadpipe export: --help shows every option and exit code', async t => {
  const { code, stdout } = await cli(['export', '--help'])
  t.equal(code, 0)
  for (const option of ['--origin', '--guid', '--select', '--on-invalid', '--rate', '--json'])
    t.match(stdout, option)
  t.match((await cli(['--help'])).stdout, /Exit codes:\n(.*\n)* +129 +interrupted by SIGHUP\n/)
})

t.test('leadpipe export: --help says that deleted leads are left out by default', async t => {
  const { stdout } = await cli(['export', '--help'])
  const said = stdout.replace(/\s+/g, ' ')
  t.match(said, '--include-deleted also deleted leads (default: they are omitted)')
})

t.test('leadpipe: --help names every kind of destination', async t => {
  for (const args of [['--help'], ['export', '--help'], ['replay', '--help']]) {
    const { code, stdout } = await cli(args)
    t.equal(code, 0)
    t.match(stdout.replace(/\s+/g, ' '), /file.* (HTTP|http\(s\)) .*standard output/, args.join(' '))
  }
})

t.test('leadpipe: --version prints the version of the package', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.match(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('leadpipe export: unknown fields, escapes and any script are written unchanged', async t => {
  const lead = { guid: 'x', later: { deep: [1, null, 'ü'] }, firstName: '魏 \u2028 🌍 "q" \\ \u0001' } as Lead
  const own = await createPortal({ leads: [lead] })
  t.teardown(() => own.close())
  const { stdout } = await cli(['export', '-', '--origin', own.origin, '--access-token', own.accessToken])
  t.same(lines(stdout), [lead])
})

t.test('leadpipe replay: it exports repaired leads from the quarantine of leadpipe export', async t => {
  const portal = await createPortal({ leads: [{ guid: 'a' }, { guid: 'b', score: 'high' }, { guid: 'c' }] })
  t.teardown(() => portal.close())
  const folder = t.testdir()
  const [rejected, still] = [join(folder, 'rejected.ndjson'), join(folder, 'still.ndjson')]
  const args = ['--origin', portal.origin, '--access-token', portal.accessToken]
  const policy = ['--on-invalid', 'quarantine', '--quarantine']
  const exported = await cli(['export', '-', ...args, ...policy, rejected, '--max-invalid', '0.5'])
  t.equal(exported.code, 0)
  t.same(lines(exported.stdout), [{ guid: 'a' }, { guid: 'c' }])
  t.match(exported.stderr, '1 invalid lead quarantined')
  t.match(lines(readFileSync(rejected, 'utf8')), [{ raw: '{"guid":"b","score":"high"}', guid: 'b' }])

  const failed = await cli(['export', '-', ...args, ...policy, rejected, '--max-invalid', '0'])
  t.match(failed, { code: 1, stderr: /1 of 2 records are invalid, 0 are allowed/ })

  const unrepaired = await cli(['replay', rejected, '-', ...policy, still, '--json'])
  t.equal(unrepaired.code, 0)
  t.match(JSON.parse(unrepaired.stderr), { records: 0, quarantined: 1 })
  const repaired = readFileSync(rejected, 'utf8').replace('\\"high\\"', '1')
  writeFileSync(rejected, repaired)
  const replayed = await cli(['replay', rejected, '-', '--select', 'guid,score'])
  t.equal(replayed.code, 0)
  t.same(lines(replayed.stdout), [{ guid: 'b', score: 1 }])
  t.match(replayed.stderr, '1 lead read')

  t.match(await cli(['replay', join(folder, 'missing.ndjson'), '-']), { code: 1, stderr: /no such file/ })
  t.match(await cli(['export', '-', ...args, '--on-invalid', 'quarantine']), { code: 2 })
  t.match(await cli(['export', '-', ...args, '--max-invalid', '3']), { code: 2 })
})

t.test('leadpipe export: it prints how many leads of --guid were missing', async t => {
  const guid = listed[0]?.guid as string
  const { code, stdout, stderr } = await cli(['export', '-', ...access, '--guid', guid, '--guid', 'nobody'])
  t.equal(code, 0)
  t.equal(lines(stdout).length, 1)
  t.match(stderr, 'the portal did not return 1 lead requested by guid')
})

t.test('leadpipe export: an http destination gets every record in batches', async t => {
  const bodies: string[] = []
  const { origin } = await listen(t, async (request, response) => {
    bodies.push(await text(request))
    response.end()
  })
  const { code, stdout } = await cli(['export', `${origin}/hook?key=secret`, ...access, '--select', 'guid'])
  t.equal(code, 0)
  t.same(
    lines(bodies.join(''))
      .map(({ guid }) => guid)
      .sort(),
    listed.map(({ guid }) => guid).sort(),
  )
  t.match(stdout, `${listed.length} records written to ${origin}/hook (`)
  t.notMatch(stdout, 'secret')
})

t.test("leadpipe export: a note says that the portal's clock differs from this machine's", async t => {
  for (const [hours, words] of [
    [-24, 'behind'],
    [2, 'ahead of'],
  ] as const) {
    const { origin } = await listen(t, (_request, response) => {
      response.setHeader('date', new Date(Date.now() + hours * 3_600_000 + 1_500).toUTCString()).end('[]')
    })
    const args = ['export', '-', '--origin', origin, '--access-token', 'x']
    const { code, stderr } = await cli(args)
    t.equal(code, 0)
    const note = `^leadpipe: the portal's clock is \\d+ h \\d+ min ${words} this machine's; reading by time ends by the portal's clock, or at an earlier --stop-time\\n`
    t.match(stderr, new RegExp(note))
    t.notMatch((await cli([...args, '--quiet'])).stderr, 'clock')
    for (const others of [
      ['--paging', 'offset'],
      ['--guid', 'a'],
    ]) {
      t.notMatch((await cli([...args, ...others])).stderr, 'clock', 'a list that is not read by time')
    }
  }
})
