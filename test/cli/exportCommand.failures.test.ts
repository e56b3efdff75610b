import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { Command, cli } from '../support/cliInProcess.ts'

const portal = await createPortal({ leads: 250 })
t.teardown(() => portal.close())
const access = ['--origin', portal.origin, '--access-token', portal.accessToken]

t.test('leadpipe: wrong usage exits with 2 and says what was expected, without a request', async t => {
  const folder = t.testdir()
  const path = join(folder, 'leads.ndjson')
  const before = portal.requestCount
  const cases: [args: string[], says: RegExp][] = [
    [
      ['export'],
      /missing required argument 'destination'\n\(usage: leadpipe export \[options\] <destination>; leadpipe export --help shows more\)/,
    ],
    [['help', 'foo'], /unknown command 'foo'/],
    [['export', path, ...access, '--colour'], /unknown option '--colour'/],
    [['explode', path], /unknown command 'explode'/],
    [
      ['export', path, ...access, '--max', '1000'],
      /^leadpipe: --max: expected an integer from 1 to 100.*received 1000/,
    ],
    [['export', path, ...access, '--max', 'many'], /'many' is invalid.*Expected a number/],
    [
      ['export', path, ...access, '--limit', '0'],
      /^leadpipe: --limit: expected an integer, 1 or more.*received 0/,
    ],
    [['export', path, ...access, '--start-time', 'yesterday'], /'yesterday' is invalid/],
    [['export', path, ...access, '--dir', 'up'], /'up' is invalid.*asc, desc/],
    [['export', path, ...access, '--rate', 'fast'], /'fast' is invalid.*100\/10/],
    [
      ['export', path, ...access, '--concurrency', '0'],
      /^leadpipe: --concurrency: expected an integer from 1 to 100, received 0/,
    ],
    [['export', path, ...access, '--select', 'guid,,email'], /Expected a list such as/],
    [['export', path, ...access, '--select', 'a=b=c'], /Expected a list such as/],
    [
      ['export', path, ...access, '--select', 'guid', '--select', 'email'],
      /'--select <list>' is given twice/,
    ],
    [['export', path, ...access, '--limit=1', '--limit=1'], /'--limit <n>' is given twice/],
    [['portal', '--leads', '1', '--leads', '2'], /'--leads <n>' is given twice/],
    [['export', path, ...access, '--search='], /Expected a text that is not empty/],
    [['export', path, ...access, '--guid', ''], /Expected a text that is not empty/],
    [['export', path, ...access, '--limit='], /Expected a number/],
    [['export', path, ...access, '--limit', '1e3'], /Expected a number/],
    [['export', path, ...access, '--start-time', '2020-02-30'], /Expected a time such as/],
    [['export', path, ...access, '--checkpoint', ''], /^leadpipe: --checkpoint: expected the path of a file/],
    [
      ['export', 's3://bucket/o.ndjson', ...access],
      /^leadpipe: destination: expected the path of a file, received "s3:\/\/bucket\/o\.ndjson"; of URLs, only those of http and https can be written to\n$/,
    ],
    [
      ['export', path, ...access, '--on-invalid', 'quarantine', '--quarantine', 's3://bucket/q.ndjson'],
      /^leadpipe: --quarantine: expected the path of a file, received "s3:/,
    ],
    [
      ['export', '{Date}.ndjson', ...access],
      /^leadpipe: destination: expected \{date\} and \{time\} as the only/,
    ],
    [
      ['export', path, '--origin', 'localhost:8080', '--access-token', 'x'],
      /^leadpipe: --origin: .*received "localhost:8080"; put http:\/\/ or https:\/\/ before it\n$/,
    ],
    [
      ['export', path, '--origin', portal.origin, '--access-token', ''],
      /^leadpipe: --access-token: expected the access token of the portal, received none; /,
    ],
    [
      ['export', path, '--origin', portal.origin, '--access-token', 'token\n'],
      /^leadpipe: --access-token: .*received a string with a line break\n$/,
    ],
    [
      ['export', join(folder, 'leads.txt'), ...access],
      /^leadpipe: destination: expected a name that ends in .*leads\.txt"; set --format to 'ndjson' or 'json' for any other name\n$/,
    ],
    [
      ['export', path, ...access, '--on-invalid', 'quarantine', '--quarantine', 'http://127.0.0.1/q.ndjson'],
      /^leadpipe: --quarantine: expected the path of a file, received "http:.*"; it can't be a URL\n$/,
    ],
    [
      ['export', 'http://127.0.0.1/{date}', ...access],
      /^leadpipe: destination: expected a URL without \{date\} and \{time\}, received http:/,
    ],
    [
      ['replay', 'http://127.0.0.1/q.ndjson', '-'],
      /^leadpipe: quarantine: expected the path of a quarantine file, received 'http:/,
    ],
    [
      ['export', path, ...access, '--lag', '0', '--paging', 'offset'],
      /^leadpipe: --lag: expected none for a list that is not read by time, received 0\n$/,
    ],
    [['export', path, ...access, '--lag', '5', '--guid', 'a'], /^leadpipe: --lag: expected none for a list/],
    [
      ['export', path, ...access, '--rate', '0/1'],
      /^leadpipe: --rate \(requests\): expected an integer from 1 to/,
    ],
    [
      ['export', 'http://user:pass@127.0.0.1/hook', ...access],
      /^leadpipe: destination: expected a URL without credentials, received http:\/\/127\.0\.0\.1\/hook with them; export to - and pipe/,
    ],
    [
      ['export', path, '--origin', 'ftp://x', '--access-token', 'x'],
      /^leadpipe: --origin: expected an http or https URL/,
    ],
    [
      ['export', path, '--origin', portal.origin],
      /^leadpipe: --access-token: expected the access token of the portal, received none; .*LEADPIPE_ACCESS_TOKEN/,
    ],
    [
      ['export', path, ...access, '--explode', 'events', '--exclude-conversion-events'],
      /^leadpipe: --exclude-conversion-events: expected false for the operator explodeEvents\(\), received true/,
    ],
  ]
  for (const [args, says] of cases) {
    const { code, stderr, stdout } = await cli(args)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, says)
    t.notMatch(stderr, /\n\s+at /, 'no stack trace')
    t.equal(stdout, '')
  }
  t.equal(portal.requestCount, before)
  t.same(readdirSync(folder), [])
})

t.test(
  'leadpipe export: --select with two equals signs in a part, or without a name or a path, is wrong usage',
  async t => {
    for (const select of ['a=email=phone', '=email', 'a=', 'guid,,email', '']) {
      const { code, stderr } = await cli(['export', '-', ...access, '--select', select])
      t.equal(code, 2, select)
      t.match(stderr, 'Expected a list such as guid,email,status=crmDetails.status.', select)
    }
  },
)

t.test('leadpipe export: a failure exits with 1 and prints its reason in one line', async t => {
  const folder = t.testdir({ 'a-file': '', 'a-folder.ndjson': {} })
  const path = join(folder, 'leads.ndjson')
  const answers: Record<string, string> = {
    '/damaged': '[<!DOCTYPE html><html><title>Maintenance</title></html>]',
    '/object': '{"status":"ok","results":[]}',
  }
  const servers = await Promise.all(
    Object.values(answers).map(async body => {
      const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
      t.teardown(() => server.close())
      await once(server, 'listening')
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    }),
  )
  const exportFrom = (index: number) => [
    'export',
    path,
    '--origin',
    servers[index] as string,
    '--access-token',
    'secret',
  ]
  const cases: [args: string[], says: RegExp][] = [
    [
      ['export', path, '--origin', portal.origin, '--access-token', 'wrong-token'],
      /refused the credentials.*401/,
    ],
    [['export', join(folder, 'none/leads.ndjson'), ...access], /its directory does not exist/],
    [
      ['export', join(folder, 'a-file/leads.ndjson'), ...access],
      /a part of its path is a file, not a directory/,
    ],
    [['export', join(folder, 'a-folder.ndjson'), ...access], /it is a directory/],
    [['export', '/dev/full', '--format', 'ndjson', ...access], /no space is left on the device/],
    [exportFrom(0), /page 1, byte 1: .*JSON/],
    [exportFrom(1), /expected a JSON array, found an object/],
  ]
  for (const [args, says] of cases) {
    const { code, stderr } = await cli(args)
    t.equal(code, 1, args.join(' '))
    t.match(stderr, says)
    t.match(stderr, /^leadpipe: [^\n]+\n$/, 'one line')
    t.notMatch(stderr, /secret|wrong-token/, 'no token')
  }
  t.same(readdirSync(folder).toSorted(), ['a-file', 'a-folder.ndjson'])
})

t.test('leadpipe export: it prints each failed attempt to reach a host', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.close()
  await once(server, 'close')
  const command = new Command(['export', '-', '--origin', origin, '--access-token', 'secret'])
  t.match(
    await command.stderr.first,
    /^leadpipe: http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED .*; next attempt in \d/,
  )
  command.interrupt('SIGTERM')
  t.equal((await command.ended).code, 143)
})

t.test('leadpipe export: SIGHUP, SIGINT, SIGTERM exit with 129, 130, 143 and leave no file', async t => {
  const server = createServer((_request, response) => {
    response.write('[{"guid":"a"}')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const [signal, expected] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const folder = t.testdir()
    const args = ['export', join(folder, 'leads.ndjson'), '--origin', origin, '--access-token', 'secret']
    const command = new Command(args)
    await once(server, 'request')
    command.interrupt(signal)
    t.equal((await command.ended).code, expected)
    t.same(readdirSync(folder), [])
  }
})
