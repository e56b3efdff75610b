import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { generateLeads } from '../../lib/portal/index.ts'
import { Command, cli } from '../support/cliInProcess.ts'
import { seekOrder } from '../support/seekOrder.ts'

t.test(
  "leadpipe portal: leadpipe export from it writes the portal's leads, and the same bytes each time",
  async t => {
    const folder = t.testdir()
    const portal = new Command(['portal', '--leads', '300', '--seed', '7', '--json'])
    t.teardown(() => portal.interrupt('SIGTERM'))
    const { origin, accessToken, leads } = JSON.parse(await portal.stdout.first)
    t.equal(leads, 300)
    const paths = ['a.json', 'b.json'].map(name => join(folder, name))
    for (const path of paths) {
      const args = ['export', path, '--origin', origin, '--access-token', accessToken, '--include-deleted']
      t.equal((await cli(args)).code, 0)
    }
    const [first, second] = paths.map(path => readFileSync(path))
    const leads7 = [...generateLeads({ count: 300, seed: 7 })]
    t.same(JSON.parse(String(first)), leads7.toSorted(seekOrder))
    t.ok(first?.equals(second as Buffer))
    portal.interrupt('SIGINT')
    t.equal((await portal.ended).code, 0)
  },
)

t.test('leadpipe portal: it prints its leads and how to export them, and exits on SIGTERM', async t => {
  const portal = new Command(['portal', '--leads', '100'])
  t.match(
    await portal.stdout.first,
    /^100 leads \(5 deleted\) at http:\/\/127\.0\.0\.1:\d+\nexport them as contacts, as today: leadpipe export contacts\.ndjson --from contacts --origin .*\nor as leads, as in 2011: leadpipe export leads\.ndjson --origin .*\n/,
  )
  portal.interrupt('SIGTERM')
  t.equal((await portal.ended).code, 0)
})

t.test('leadpipe portal: wrong usage exits with 2', async t => {
  const cases: [args: string[], says: RegExp][] = [
    [['portal', '--leads', '-5'], /^leadpipe: --leads: expected .*-5/],
    [['portal', '--port', '70000'], /^leadpipe: --port: expected .*70000/],
    [['portal', '--seed', '1.5'], /seed.*1\.5/],
    [['portal', '--colour'], /unknown option '--colour'/],
    [['portal', '--faults', 'page=2:explode'], /explode/],
  ]
  for (const [args, says] of cases) {
    const { code, stderr } = await cli(args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, says)
    t.notMatch(stderr, /\n\s+at /)
  }
})

t.test('leadpipe portal: a port in use, or a file that is not a database, exits with 1', async t => {
  const folder = t.testdir({ 'leads.db': 'this is not a database, and long enough to see'.repeat(100) })
  const portal = new Command(['portal', '--leads', '1', '--json'])
  t.teardown(() => portal.interrupt('SIGTERM'))
  const { port } = new URL(JSON.parse(await portal.stdout.first).origin)
  for (const args of [
    ['--port', port],
    ['--db', join(folder, 'leads.db')],
  ]) {
    const { code, stderr } = await cli(['portal', ...args])
    t.equal(code, 1, args.join(' '))
    t.match(stderr, /^leadpipe: [^\n]+\n$/)
  }
})

t.test('leadpipe portal: --faults breaks responses, and leadpipe export retries them', async t => {
  const portal = new Command([
    'portal',
    '--leads',
    '300',
    '--faults',
    'page=1 x1:status=503,Retry-After=0; page=2 x1:cut=0.5',
    '--json',
  ])
  t.teardown(() => portal.interrupt('SIGTERM'))
  const { origin, accessToken } = JSON.parse(await portal.stdout.first)
  const path = join(t.testdir(), 'leads.ndjson')
  const args = [
    'export',
    path,
    '--origin',
    origin,
    '--access-token',
    accessToken,
    '--include-deleted',
    '--json',
  ]
  const { code, stdout, stderr } = await cli(args)
  t.equal(code, 0, stderr)
  t.match(JSON.parse(stdout), { records: 300, source: { retries: 2 } })
  t.match(stderr, /answered 503.*next attempt in 0\.0 s/)
})
