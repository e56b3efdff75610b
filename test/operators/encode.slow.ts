import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { LeadpipeError } from '../../lib/index.ts'
import { encode } from '../../lib/operators/encode.ts'
import { run } from '../../lib/run/run.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { root } from '../support/root.ts'
import { runProcess, scriptOf, startProcess } from '../support/runProcess.ts'

const collector = () => {
  const chunks: Buffer[] = []
  const sink = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      chunks.push(chunk)
      callback()
    },
  })
  return { sink, chunks, text: () => Buffer.concat(chunks).toString() }
}

const records = [{ a: 1 }, { text: 'ü\n' }, [null]]

for (const [format, expected, none] of [
  [undefined, '{"a":1}\n{"text":"ü\\n"}\n[null]\n', ''],
  ['ndjson', '{"a":1}\n{"text":"ü\\n"}\n[null]\n', ''],
  ['json', '[\n{"a":1},\n{"text":"ü\\n"},\n[null]\n]\n', '[]\n'],
] as const) {
  t.test(`encode: ${format ?? 'default format'}: the same bytes in run and in a plain pipeline`, async t => {
    const [ran, piped, empty] = [collector(), collector(), collector()]
    const report = await run(records, encode(format), ran.sink)
    await pipeline(records, encode(format), piped.sink)
    await run([], encode(format), empty.sink)
    t.equal(ran.text(), expected)
    t.equal(piped.text(), expected)
    t.equal(empty.text(), none)
    t.match(report, { records: 3, operators: [{ name: 'encode', in: 3, out: 1, own: { records: 3 } }] })
  })
}

t.test('encode: it emits few large blocks that end at a record', async t => {
  const { sink, chunks, text } = collector()
  const many = Array.from({ length: 5_000 }, (_, n) => ({ n, text: '漢😀'.repeat(n % 20) }))
  await run(many, encode(), sink)
  t.equal(text(), many.map(record => `${JSON.stringify(record)}\n`).join(''))
  t.ok(chunks.length < 12, `${chunks.length} blocks`)
  for (const chunk of chunks) t.equal(chunk.at(-1), 0x0a, 'a block ends where a record does')
})

t.test('encode: a record that is not JSON is a SINK error with its number and guid', async t => {
  for (const failing of [
    run([1, { guid: 'g', n: 1n }], encode(), collector().sink),
    pipeline([1, { guid: 'g', n: 1n }], encode(), collector().sink),
  ]) {
    const failure = (await failureOf(failing)) as LeadpipeError
    t.match(failure, { code: 'SINK', context: { record: 2, guid: 'g' } })
    t.match(failure.message, /^record 2 \(guid g\) can't be written: .*BigInt/)
  }
})

t.test('encode: a second encode() is a SINK error', async t => {
  t.match(await failureOf(run([1], encode(), encode(), collector().sink)), {
    code: 'SINK',
    message: "record 1 can't be written: it is bytes; remove encode() before this sink",
  })
})

t.test('run: an HTTP response can be the sink after encode()', async t => {
  const reports: unknown[] = []
  const { origin } = await listen(t, async (_request, response) => {
    reports.push(await run(records, encode('json'), response))
  })
  t.strictSame(await (await fetch(origin)).json(), records)
  t.match(reports, [{ records: 3 }])
})

t.test('run: an HTTP response whose client disconnects is a SINK error, without a hang', async t => {
  const server = createServer()
  t.teardown(() => server.close())
  server.listen(0)
  await once(server, 'listening')
  const client = request({ port: (server.address() as AddressInfo).port }).end()
  client.on('error', () => {})
  const [, response] = await once(server, 'request')
  client.once('response', answer => answer.once('data', () => client.destroy()))
  const endless = (function* () {
    for (;;) yield { text: 'x'.repeat(1_000) }
  })()
  t.match(await failureOf(run(endless, encode(), response)), { code: 'SINK' })
})

t.test('run: an HTTP request can be the sink after encode()', async t => {
  const { origin } = await listen(t, async (incoming, response) => response.end(await text(incoming)))
  const outgoing = request(origin, { method: 'POST' })
  const answered = once(outgoing, 'response')
  t.match(await run(records, encode(), outgoing), { records: 3 })
  const [answer] = await answered
  t.equal(await text(answer), records.map(record => `${JSON.stringify(record)}\n`).join(''))
})

t.test('run: a socket can be the sink after encode(); run waits for its writable side only', async t => {
  let received = ''
  const server = createTcpServer({ allowHalfOpen: true }, socket => {
    socket.on('data', chunk => {
      received += chunk
    })
    t.teardown(() => socket.destroy())
  }).listen(0)
  t.teardown(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port)
  t.teardown(() => socket.destroy())
  t.match(await run([1, 2], encode(), socket), { records: 2 })
  t.notOk(socket.destroyed)
  while (received.length < 4) await new Promise(resolve => setImmediate(resolve))
  t.equal(received, '1\n2\n')
})

const script = 'test/support/encodeToStdout.ts'
const line = (n: number) => `${JSON.stringify({ n, text: 'ü'.repeat(100) })}\n`

t.test('run: standard output gets every byte, stays open, and keeps no listener', async t => {
  // A plain pipeline ends standard output, so it is the last one.
  const ways = ['run', 'take', 'objects', 'manyRuns', 'run', 'pipeline']
  const { stdout, stderr, code } = await runProcess(script, ['2000', ...ways])
  t.equal(code, 0)
  const lines = Array.from({ length: 2_000 }, (_, n) => line(n))
  const array = (count: number) => `[\n${lines.slice(0, count).join('').trim().replaceAll('\n', ',\n')}\n]\n`
  const many = Array.from({ length: 20 }, (_, n) => `${n}\n`)
  t.ok(stdout === [...lines, array(3), ...many, ...lines, array(2_000)].join(''), 'every byte is written')
  const outcomes = stderr
    .trim()
    .split('\n')
    .map(printed => JSON.parse(printed))
  t.match(outcomes, [
    { records: 2_000 },
    { records: 3 },
    { code: 'SINK', message: /put encode\(\) before a Writable that takes bytes/ },
    { listeners: 0 },
    { records: 2_000 },
    {},
  ])
})

for (const way of ['run', 'pipeline']) {
  t.test(`${way}: standard output whose reader closes early is an error, no crash, no hang`, async t => {
    const { stdout, stderr, ...child } = startProcess(script, ['100000000', way])
    if (stdout === null || stderr === null) throw new Error('no pipes')
    stdout.once('data', () => stdout.destroy())
    const printed = await text(stderr)
    t.match(JSON.parse(printed), way === 'run' ? { code: 'SINK', cause: 'EPIPE' } : { code: 'EPIPE' })
    t.notOk(child.killed)
  })
}

t.test("toFile: '/dev/stdout' can be a pipe", async t => {
  const command = `"${[process.execPath, ...scriptOf(script)].join('" "')}" 3 file | cat`
  const child = spawn('sh', ['-c', command], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  })
  t.equal(await text(child.stdout), [0, 1, 2].map(line).join(''))
})

t.test('encode: an unknown format is an OPTION error', async t => {
  for (const [format, received] of [
    ['csv', "'csv'"],
    ['toString', "'toString'"],
    [null, 'null'],
    [{}, '{}'],
  ]) {
    t.throws(() => encode(format as never), {
      code: 'OPTION',
      message: `encode(): format: expected one of ndjson, json, received ${received}`,
    })
  }
})
