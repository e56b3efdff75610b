import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, createReadStream, openSync, type ReadStream, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'
import { cli, startCli } from '../support/cli.ts'
import { listen } from '../support/listen.ts'
import { seekOrder } from '../support/seekOrder.ts'
import { serveLeads } from '../support/serveLeads.ts'

// What needs a process: exit codes, real signals and pipes. Everything else of the command line is tested
// in the process of the test.

const portal = await createPortal({ leads: 250 })
t.teardown(() => portal.close())
const access = ['--origin', portal.origin, '--access-token', portal.accessToken]

t.test('leadpipe process: --version prints the version of the package', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.match(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('leadpipe process: wrong usage exits with 2, a failure with 1, each with one line', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  const usage = await cli(['export', path, ...access, '--max', '1000'])
  t.match(usage, { code: 2, stdout: '', stderr: /^leadpipe: --max: [^\n]+\n$/ })
  const failed = await cli(['export', 'http://127.0.0.1:1/hook', '--quiet', '--limit', '1', ...access])
  t.match(failed, {
    code: 1,
    stdout: '',
    stderr: /^leadpipe: [^\n]*127\.0\.0\.1:1[^\n]*ECONNREFUSED[^\n]*\n$/,
  })
  t.notMatch(failed.stderr, portal.accessToken)
})

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  t.test(`leadpipe process: ${signal} ends an export with ${code}, and leaves no file`, async t => {
    const { server, origin } = await listen(t, (_request, response) => {
      response.write('[{"guid":"a"}')
    })
    const folder = t.testdir()
    const path = join(folder, 'leads.ndjson')
    const child = startCli(['export', path, '--origin', origin, '--access-token', 'x'])
    const stderr = text(child.stderr as NodeJS.ReadableStream)
    await once(server, 'request')
    child.kill(signal)
    t.strictSame(await once(child, 'close'), [code, null])
    t.equal(await stderr, `leadpipe: interrupted by ${signal}\n`)
    t.strictSame(readdirSync(folder), [])
  })
}

t.test('leadpipe process: an export writes the leads of a leadpipe portal to a pipe', async t => {
  const served = startCli(['portal', '--leads', '300', '--seed', '7', '--json'])
  t.teardown(() => served.kill())
  const [line] = await once(served.stdout as NodeJS.ReadableStream, 'data')
  const { origin, accessToken } = JSON.parse(String(line))
  const env = { LEADPIPE_ACCESS_TOKEN: accessToken }
  const { code, stdout } = await cli(['export', '-', '--origin', origin, '--include-deleted'], { env })
  t.equal(code, 0)
  t.same(
    stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
    [...generateLeads({ count: 300, seed: 7 })].toSorted(seekOrder),
  )
  served.kill('SIGINT')
  t.same(await once(served, 'exit'), [0, null])
})

t.test(
  'leadpipe process: a closed reader of standard output ends the export with 141, without a word',
  async t => {
    const child = startCli(['export', '-', ...access])
    const head = spawn('head', ['-c', '10'], { stdio: [child.stdout as never, 'ignore', 'ignore'] })
    child.stdout?.destroy()
    const errors: Buffer[] = []
    child.stderr?.on('data', chunk => errors.push(chunk))
    const [code] = await once(child, 'close')
    await (head.exitCode === null ? once(head, 'exit') : undefined)
    t.equal(code, 141)
    t.equal(Buffer.concat(errors).toString(), '')
  },
)

t.test('leadpipe process: a named pipe whose reader closes is a failure that names it', async t => {
  const path = join(t.testdir(), 'pipe.ndjson')
  execFileSync('mkfifo', [path])
  const child = startCli(['export', path, ...access])
  createReadStream(path).once('data', function (this: ReadStream) {
    this.destroy()
  })
  const [[code], errors] = await Promise.all([once(child, 'close'), text(child.stderr as Readable)])
  t.equal(code, 1)
  t.ok(errors.endsWith(`\nleadpipe: can't write ${path}: its reader has closed it\n`), errors)
})

t.test('leadpipe process: a report or records that cannot be printed are a failure', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const { code, stderr } = await cli(['export', path, ...access], { stdio: ['ignore', full, 'pipe'] })
  t.equal(code, 1)
  t.match(stderr, /^leadpipe: all records are written, but the report can't be printed: ENOSPC.*\n$/)
  const records = await cli(['export', '-', ...access, '--quiet'], { stdio: ['ignore', full, 'pipe'] })
  t.match(records, { code: 1, stderr: /^leadpipe: can't write to standard output: ENOSPC.*\n$/ })
})

t.test('leadpipe process: /dev/stdout after >> is appended to, and has no report in it', async t => {
  const path = join(t.testdir({ precious: 'precious\n' }), 'precious')
  const output = openSync(path, 'a')
  t.teardown(() => closeSync(output))
  const { code } = await cli(['export', '/dev/stdout', '--limit', '2', '--select', 'guid', ...access], {
    stdio: ['ignore', output, 'pipe'],
  })
  t.equal(code, 0)
  t.match(readFileSync(path, 'utf8'), /^precious\n(\{"guid":"[^"]+"\}\n){2}$/)
})

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  t.test(`leadpipe process: ${signal} ends an export to a named pipe that nobody reads`, async t => {
    const { server, origin } = await serveLeads(t, [{ guid: 'a', insertedAt: 1 }])
    const path = join(t.testdir(), 'pipe.ndjson')
    execFileSync('mkfifo', [path])
    const args = ['export', path, '--origin', origin, '--access-token', 'x', '--paging', 'offset']
    const child = startCli(args)
    const stderr = text(child.stderr as Readable)
    await once(server, 'request')
    child.kill(signal)
    t.strictSame(await once(child, 'close'), [code, null])
    const note = `leadpipe: ${path} is a named pipe: the run waits while no program reads it\n`
    t.equal(await stderr, `${note}leadpipe: interrupted by ${signal}\n`)
  })
}
