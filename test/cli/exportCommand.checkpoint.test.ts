import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { Command, cli } from '../support/cliInProcess.ts'
import { listen } from '../support/listen.ts'
import { partialOf } from '../support/partialOf.ts'

const portal = await createPortal({ leads: 300 })
t.teardown(() => portal.close())
const access = ['--origin', portal.origin, '--access-token', portal.accessToken]

/** Starts a proxy of the portal that answers four requests, and the others when `release` is called. */
async function slowPortal(t: Test) {
  let requests = 0
  let reached = () => {}
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const waiting = new Promise<void>(resolve => {
    reached = resolve
  })
  const { origin } = await listen(t, async (request, response) => {
    requests += 1
    if (requests > 4) {
      reached()
      await held
    }
    const answer = await fetch(new URL(request.url ?? '/', portal.origin))
    for (const [name, value] of answer.headers) if (name === 'date') response.setHeader(name, value)
    response.statusCode = answer.status
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  return { origin, waiting, release }
}

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  t.test(`leadpipe export: ${signal} saves and exits with ${code}; the same command resumes`, async t => {
    const dir = t.testdir()
    const [undisturbed, path, checkpoint] = ['a.ndjson', 'b.ndjson', 'c.json'].map(name =>
      join(dir, name),
    ) as [string, string, string]
    t.equal((await cli(['export', undisturbed, ...access, '--max', '20'])).code, 0)
    const { origin, waiting, release } = await slowPortal(t)
    const command = ['export', path, '--origin', origin, '--access-token', portal.accessToken, '--max', '20']
    const args = [...command, '--checkpoint', checkpoint]
    const interrupted = new Command([...args, '--concurrency', '1'])
    await waiting
    interrupted.interrupt(signal)
    const { code: exitCode, stdout, stderr } = await interrupted.ended
    t.equal(exitCode, code)
    t.equal(stdout, '')
    t.equal(
      stderr.split('\n').filter(line => line.startsWith('leadpipe: '))[0],
      `leadpipe: interrupted by ${signal}; the same command resumes from the checkpoint ${checkpoint}`,
    )
    t.strictSame(readdirSync(dir).sort(), ['a.ndjson', basename(partialOf(path)), 'c.json'])
    release()
    const { code: done, stdout: printed } = await cli([...args, '--concurrency', '1'])
    t.equal(done, 0)
    t.match(printed, 'the last of 2 starts')
    t.ok(readFileSync(path).equals(readFileSync(undisturbed)))
  })
}

t.test(
  'leadpipe export: with a daily limit, the same command once a day reads on each day, to the end',
  async t => {
    let now = Date.UTC(2026, 0, 1, 2)
    const limited = await createPortal({ leads: 1_000, now: () => now, rateLimit: { daily: 8 } })
    t.teardown(() => limited.close())
    const path = join(t.testdir(), 'a.ndjson')
    const access = ['--origin', limited.origin, '--access-token', limited.accessToken]
    const args = ['export', path, ...access, '--checkpoint', `${path}.checkpoint`, '--json']
    const kept: number[] = []
    for (let code = 75; code === 75; now += 86_400_000) {
      const result = await cli(args)
      code = result.code
      if (code === 75)
        t.match(result.stderr, `the same command resumes from the checkpoint ${path}.checkpoint`)
      const { read, records } = JSON.parse(result.stdout)
      t.equal(records, read)
      t.ok(records > (kept.at(-1) ?? 0), `day ${kept.length + 1}: ${records} records`)
      kept.push(records)
      if (kept.length > 10) break
    }
    t.ok(kept.length > 1)
    t.equal(kept.at(-1), limited.leads - limited.deleted)
    t.equal(readFileSync(path, 'utf8').split('\n').length - 1, kept.at(-1))
  },
)

t.test('leadpipe export: --json prints the checkpoint and the window', async t => {
  const dir = t.testdir()
  const [path, checkpoint] = [join(dir, 'a.json.gz'), join(dir, 'c.json')]
  const args = ['export', path, ...access, '--checkpoint', checkpoint, '--json']
  const first = await cli(args)
  t.equal(first.code, 0)
  const report = JSON.parse(first.stdout)
  t.match(report, { checkpoint: { path: checkpoint, starts: 1 }, window: { timePivot: 'insertedAt' } })
  const { requestCount } = portal
  const again = await cli([...args, '--when-finished', 'stop'])
  t.equal(again.code, 0)
  t.strictSame(JSON.parse(again.stdout), {
    ...report,
    checkpoint: { ...report.checkpoint, found: 'finished' },
  })
  t.equal(portal.requestCount, requestCount)
})

t.test('leadpipe export: a run that had finished prints so, with the real path of the file', async t => {
  const dir = t.testdir()
  const checkpoint = join(dir, 'c.json')
  const args = ['export', join(dir, 'a-{time}.ndjson'), ...access, '--checkpoint', checkpoint]
  const { stdout: first } = await cli(args)
  const [name = ''] = readdirSync(dir).filter(one => one.startsWith('a-'))
  t.match(first, ` records written to ${join(dir, name)} (`)
  t.match(first, /\ndone in .*; the numbers add up\n$/)
  const { code, stdout } = await cli([...args, '--when-finished', 'stop'])
  t.equal(code, 0)
  t.match(stdout, ` records written to ${join(dir, name)} (`)
  t.equal(
    stdout.split('\n').at(-2),
    `the run of the checkpoint ${checkpoint} had finished before: nothing was done`,
  )
})

t.test(
  'leadpipe export: a finished checkpoint without --when-finished fails and names the three choices as flags',
  async t => {
    const dir = t.testdir()
    const args = ['export', join(dir, 'a.ndjson'), ...access, '--checkpoint', join(dir, 'c.json')]
    t.equal((await cli(args)).code, 0)
    const { requestCount } = portal
    const { code, stdout, stderr } = await cli(args)
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(stderr, /^leadpipe: checkpoint .*c\.json: its run has finished; set /m)
    t.match(stderr, /set --when-finished to 'next' .*'restart' .*'stop' /)
    t.equal(portal.requestCount, requestCount)
  },
)

t.test('leadpipe export: --when-finished restart starts again, next reads what is new', async t => {
  const dir = t.testdir()
  const args = [
    'export',
    join(dir, 'a-{time}.ndjson'),
    ...access,
    '--checkpoint',
    join(dir, 'c.json'),
    '--json',
  ]
  const reportOf = async (...more: string[]) => JSON.parse((await cli([...args, ...more])).stdout)
  const first = await reportOf()
  const next = await reportOf('--when-finished', 'next')
  t.match(next, {
    read: 0,
    window: { startTime: first.window.stopTime - 600_000 },
    checkpoint: { starts: 1 },
  })
  const restarted = await reportOf('--when-finished', 'restart')
  t.equal(restarted.read, first.read)
  t.ok(first.read > 0)
  t.equal(restarted.window.startTime, undefined)
})

t.test(
  'leadpipe export: the nightly command of README and --help exports the leads that were deleted',
  async t => {
    let now = Date.UTC(2026, 0, 1, 2)
    const own = await createPortal({ leads: 20, now: () => now })
    t.teardown(() => own.close())
    const nightly = (text: string) =>
      /leadpipe export '(.*?)' --time-pivot lastModifiedAt (.*?)--checkpoint \S+ --when-finished next/.exec(
        text.replace(/[\s\\]+/g, ' '),
      )?.[2] ?? ''
    const flags = nightly(readFileSync('README.md', 'utf8'))
    t.equal(nightly((await cli(['export', '--help'])).stdout), flags)
    const dir = t.testdir()
    const args = [
      ...['export', join(dir, '{time}.ndjson'), '--time-pivot', 'lastModifiedAt', ...flags.trim().split(' ')],
      ...['--checkpoint', join(dir, 'c.json'), '--when-finished', 'next', '--json'],
      ...['--origin', own.origin, '--access-token', own.accessToken],
    ]
    const first = JSON.parse((await cli(args)).stdout)
    const [{ guid }] = readFileSync(first.sink.destination, 'utf8')
      .split('\n', 1)
      .map(line => JSON.parse(line))
    now += 12 * 3_600_000
    own.update(guid, { isDeleted: true })
    now += 12 * 3_600_000
    const second = JSON.parse((await cli(args)).stdout)
    t.equal(second.records, 1)
    t.match(JSON.parse(readFileSync(second.sink.destination, 'utf8')), { guid, isDeleted: true })
  },
)

t.test('leadpipe export: --paging offset with --when-finished next is wrong usage', async t => {
  const dir = t.testdir()
  const args = ['export', join(dir, 'a.ndjson'), ...access, '--paging', 'offset']
  const { requestCount } = portal
  const refused = await cli([...args, '--checkpoint', join(dir, 'c.json'), '--when-finished', 'next'])
  t.match(refused, {
    code: 2,
    stdout: '',
    stderr: /^leadpipe: --paging: expected 'seek' with --when-finished 'next', received 'offset'\n$/,
  })
  t.equal(portal.requestCount, requestCount)
  const { code, stdout } = await cli([...args, '--json'])
  t.equal(code, 0)
  t.notOk('window' in JSON.parse(stdout))
  t.match(portal.requests.at(-1)?.url, 'offset=')
})

t.test('leadpipe export: --reconcile prints how many leads match', async t => {
  const path = join(t.testdir(), 'a.ndjson')
  const { code, stdout } = await cli(['export', path, ...access, '--reconcile'])
  t.equal(code, 0)
  t.match(stdout, `${portal.leads - portal.deleted} leads match on the portal now, as many as were read\n`)
})

t.test('leadpipe export: --reconcile explains a difference between matching and read leads', async t => {
  const changing = await createPortal({ leads: 300, faults: 'page=4-:delete=2' })
  t.teardown(() => changing.close())
  const { code, stdout } = await cli([
    ...['export', join(t.testdir(), 'a.ndjson'), '--reconcile', '--max', '50', '--concurrency', '1'],
    ...['--origin', changing.origin, '--access-token', changing.accessToken],
  ])
  t.equal(code, 0)
  t.match(
    stdout,
    /^\d+ leads match on the portal now, \d+ were read: the two differ if leads were inserted, deleted or changed meanwhile$/m,
  )
})

t.test(
  'leadpipe export: --reconcile that finds fewer leads read than match says so, and exits with 3',
  async t => {
    const args = async (t: Test, ...flags: string[]) => {
      const changing = await createPortal({ leads: 300, faults: 'page=4-:undelete=2' })
      t.teardown(() => changing.close())
      const access = ['--origin', changing.origin, '--access-token', changing.accessToken]
      return ['export', '-', '--reconcile', '--max', '50', '--concurrency', '1', ...access, ...flags]
    }
    const says = /^leadpipe: \d+ leads fewer read than match on the portal now: /m
    for (const flags of [[], ['--quiet'], ['--json']]) {
      const { code, stderr } = await cli(await args(t, ...flags))
      t.equal(code, 3, flags.join())
      t.match(stderr, says, flags.join())
    }
  },
)

t.test('leadpipe export: it prints the moment up to which the list was read, which --lag sets', async t => {
  const now = Date.UTC(2026, 0, 1, 2)
  const own = await createPortal({ leads: 5, now: () => now })
  t.teardown(() => own.close())
  const path = join(t.testdir(), 'a.ndjson')
  const args = [
    'export',
    path,
    '--origin',
    own.origin,
    '--access-token',
    own.accessToken,
    '--include-deleted',
  ]
  const cases: [flags: string[], line: string | undefined][] = [
    [[], 'read up to insertedAt 2026-01-01T01:59:00.000Z'],
    [['--lag', '0'], 'read up to insertedAt 2026-01-01T02:00:00.000Z'],
    [['--stop-time', '2025-12-01'], 'read up to insertedAt 2025-12-01T00:00:00.000Z'],
    [['--time-pivot', 'closedAt', '--limit', '6'], 'read up to closedAt 2026-01-01T01:59:00.000Z'],
    [['--lag', '3155760000000'], 'read up to insertedAt 1926-01-01T02:00:00.000Z'],
    [['--limit', '5'], undefined],
    [['--paging', 'offset'], undefined],
  ]
  for (const [flags, line] of cases) {
    const { code, stdout } = await cli([...args, ...flags])
    t.equal(code, 0, flags.join(' '))
    t.equal(
      stdout.split('\n').find(one => one.startsWith('read up to')),
      line,
      flags.join(' '),
    )
  }
  for (const lag of ['-1', '3155760000001', '1.5'])
    t.match(await cli([...args, '--lag', lag]), {
      code: 2,
      stderr: /^leadpipe: --lag: expected an integer from 0 to /,
    })
})

t.test('leadpipe export: a failure says that the same command resumes, if there is a checkpoint', async t => {
  const dir = t.testdir()
  const checkpoint = join(dir, 'c.json')
  const failing = await createPortal({ leads: 300, faults: '#4-:status=404' })
  t.teardown(() => failing.close())
  const args = (origin: string, checkpoint: string) => [
    ...['export', join(dir, 'a.ndjson'), '--max', '50', '--concurrency', '1', '--checkpoint', checkpoint],
    ...['--origin', origin, '--access-token', portal.accessToken],
  ]
  const hint = '; the same command resumes from the checkpoint'
  const failed = await cli(args(failing.origin, checkpoint))
  t.equal(failed.code, 1)
  t.match(failed.stderr, new RegExp(`^leadpipe: .* answered 404: .*${hint} ${checkpoint}\n$`))
  const other = await cli(args(portal.origin, checkpoint))
  t.match(other, { code: 1, stderr: 'it is of another run' })
  t.notMatch(other.stderr, hint, 'the same command would fail again')
  const unreached = await cli(args(failing.origin, join(dir, 'missing', 'd.json')))
  t.equal(unreached.code, 1)
  t.notMatch(unreached.stderr, hint, 'there is no checkpoint')
})

const wrong: Record<string, [args: string[], says: RegExp]> = {
  '--when-finished without a checkpoint': [
    ['--when-finished', 'next'],
    /^leadpipe: --checkpoint: expected the path of a file with --when-finished 'next', received none\n$/,
  ],
  'an unknown --when-finished': [
    ['--checkpoint', 'c.json', '--when-finished', 'again'],
    /Allowed choices are stop, restart, next/,
  ],
  'an unknown --paging': [['--paging', 'cursor'], /--paging: expected "seek" or "offset", received 'cursor'/],
  'an empty checkpoint': [['--checkpoint', ''], /^leadpipe: --checkpoint: expected the path of a file/],
  '--reconcile with a limit': [
    ['--reconcile', '--limit', '5'],
    /^leadpipe: --limit: expected none with --reconcile, received 5\n$/,
  ],
  '--paging seek with a sort': [
    ['--paging', 'seek', '--sort', 'guid'],
    /^leadpipe: --sort: expected none with --paging 'seek', received 'guid'\n$/,
  ],
}
for (const [what, [args, says]] of Object.entries(wrong)) {
  t.test(`leadpipe export: ${what} is wrong usage`, async t => {
    const dir = t.testdir()
    const { requestCount } = portal
    const { code, stdout, stderr } = await cli(['export', join(dir, 'a.ndjson'), ...access, ...args])
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, says)
    t.notMatch(stderr, /^ +at /m)
    t.equal(portal.requestCount, requestCount)
    t.strictSame(readdirSync(dir), [])
  })
}

t.test('leadpipe export: --checkpoint with standard output, or at the output, is wrong usage', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.ndjson')
  for (const [destination, checkpoint, says] of [
    [
      '-',
      join(dir, 'c.json'),
      /^leadpipe: destination: expected a file or an http\(s\) URL, which can be resumed, with --checkpoint, received -\n$/,
    ],
    [path, path, /^leadpipe: destination: expected a different file for each output/],
  ] as const) {
    const { code, stdout, stderr } = await cli(['export', destination, ...access, '--checkpoint', checkpoint])
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, says)
    t.notMatch(stderr, /^ +at /m)
    t.strictSame(readdirSync(dir), [])
  }
})

t.test('leadpipe export: a damaged checkpoint, or one of another run, is a failure', async t => {
  const dir = t.testdir()
  const args = (name: string) => ['export', join(dir, name), ...access, '--checkpoint', join(dir, 'c.json')]
  t.equal((await cli(args('a.ndjson'))).code, 0)
  const other = await cli(args('b.ndjson'))
  t.match(other, {
    code: 1,
    stdout: '',
    stderr: /it is of another run: destination was '.*a\.ndjson' and is .*; delete it to start again/,
  })
  for (const [flags, flag] of [
    [['--limit', '3'], '--limit was absent and is 3 now'],
    [['--search', 'x'], "--search was absent and is 'x' now"],
    [['--include-deleted'], '--include-deleted was '],
    [['--paging', 'offset'], "--paging was 'seek' and is 'offset' now"],
    [['--on-invalid', 'skip'], "--on-invalid was 'fail' and is 'skip' now"],
    [['--select', 'guid'], "--explode or --select was absent and is given ('project') now"],
    [['--explode', 'events'], "--explode or --select was absent and is given ('explodeEvents') now"],
    [['--format', 'json'], "--format was 'ndjson' and is 'json' now"],
  ] as const) {
    const { code, stderr } = await cli([...args('a.ndjson'), ...flags])
    t.equal(code, 1)
    t.match(stderr, `it is of another run: ${flag}`)
  }
  const elsewhere = args('a.ndjson').map(arg => (arg === portal.origin ? 'http://127.0.0.1:1' : arg))
  t.match(await cli(elsewhere), {
    code: 1,
    stderr: `it is of another run: --origin was '${portal.origin}' and is `,
  })
  writeFileSync(join(dir, 'c.json'), 'guid,email\n')
  const damaged = await cli(args('a.ndjson'))
  t.match(damaged, {
    code: 1,
    stdout: '',
    stderr:
      /it is not a checkpoint of leadpipe, or it is damaged; delete it to start again, or give another path\n$/,
  })
  t.notMatch(damaged.stderr, /^ +at /m)
  t.notOk(existsSync(join(dir, 'b.ndjson')))
})
