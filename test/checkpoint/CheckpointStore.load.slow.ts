import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { loadCheckpoint, saveCheckpoint } from '../../lib/checkpoint/CheckpointStore.ts'
import { LeadpipeError } from '../../lib/errors.ts'
import { failureOf } from '../support/failureOf.ts'
import { aCheckpoint } from './aCheckpoint.ts'

/** Loads a file with these bytes; resolves to the checkpoint or the error. */
async function loaded(path: string, bytes: Uint8Array | string): Promise<unknown> {
  writeFileSync(path, bytes)
  return loadCheckpoint(path).catch(error => error)
}

const isCheckpointError = (found: unknown, path: string) =>
  found instanceof LeadpipeError &&
  found.code === 'CHECKPOINT' &&
  found.context.path === path &&
  found.message.startsWith(`checkpoint ${path}: `)

async function savedBytes(path: string): Promise<Buffer> {
  await saveCheckpoint(path, aCheckpoint())
  return readFileSync(path)
}

t.test('loadCheckpoint: a file cut anywhere is damaged, except without its last line break', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await savedBytes(path)
  const accepted: number[] = []
  for (let length = 0; length < whole.length; length += 1) {
    const found = await loaded(path, whole.subarray(0, length))
    if (isCheckpointError(found, path)) continue
    accepted.push(length)
    t.strictSame(found, aCheckpoint(), `cut to ${length} bytes`)
  }
  t.strictSame(accepted, [whole.length - 1])
})

t.test('loadCheckpoint: a file with any byte changed is damaged', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await savedBytes(path)
  const accepted: number[] = []
  for (let at = 0; at < whole.length; at += 1) {
    // A flipped bit, a line break, or the neighbouring digit or letter.
    for (const byte of [(whole[at] as number) ^ 0x20, 0x0a, (whole[at] as number) ^ 1]) {
      if (byte === whole[at]) continue
      const changed = Buffer.from(whole)
      changed[at] = byte
      if (!isCheckpointError(await loaded(path, changed), path)) accepted.push(at)
    }
  }
  t.strictSame(accepted, [])
})

t.test('loadCheckpoint: a changed file is damaged or has the same content', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await savedBytes(path)
  const place = fc.nat(whole.length)
  const edits = fc.asyncProperty(place, place, fc.uint8Array({ maxLength: 40 }), async (from, to, bytes) => {
    const damaged = Buffer.concat([whole.subarray(0, from), bytes, whole.subarray(to)])
    const found = await loaded(path, damaged)
    if (!isCheckpointError(found, path)) t.strictSame(found, aCheckpoint())
  })
  await t.resolves(fc.assert(edits, { numRuns: 300 }))
})

t.test('loadCheckpoint: bytes after the checkpoint make the file damaged', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await savedBytes(path)
  t.ok(isCheckpointError(await loaded(path, Buffer.concat([whole, Buffer.from('x')])), path))
  t.ok(isCheckpointError(await loaded(path, Buffer.concat([whole, whole])), path))
})

const others: Record<string, string> = {
  'an empty file': '',
  'line breaks': '\n\n\n',
  'an object of another program': '{"version":1}\n',
  'an array': '[]\n[]\n',
  null: 'null\nnull\n',
  'a text': '"leadpipe checkpoint"\n{}\n',
  'a text that is not JSON': 'guid,email\na,b\n',
  'an export': '{"guid":"a"}\n{"guid":"b"}\n',
}
for (const [what, text] of Object.entries(others)) {
  t.test(`loadCheckpoint: ${what} is not a checkpoint`, async t => {
    const path = join(t.testdir(), 'a.json')
    const found = await loaded(path, text)
    t.ok(isCheckpointError(found, path))
    t.match(found, {
      message:
        /it is not a checkpoint of leadpipe, or it is damaged; delete it to start again, or give another path$/,
    })
  })
}

/** A checkpoint file with any body and a valid first line. */
function sealed(body: string, version = 2): string {
  const digest = createHash('sha256').update(body).digest('hex')
  return `${JSON.stringify({ format: 'leadpipe checkpoint', version, digest })}\n${body}\n`
}

t.test('loadCheckpoint: a checkpoint of an unknown version is an error that names the version', async t => {
  const path = join(t.testdir(), 'a.json')
  for (const version of [0, 3, null]) {
    writeFileSync(path, sealed('{}', version as number))
    t.match(await failureOf(loadCheckpoint(path)), {
      code: 'CHECKPOINT',
      message: `checkpoint ${path}: it has version ${version}, expected 2; delete it to start again, or give another path`,
    })
  }
})

/** A checkpoint with one value changed or deleted, as by hand or by another program. */
function changed(at: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(aCheckpoint()))
  const names = at.split('.')
  const last = names.pop() as string
  const place = names.reduce((inner, name) => inner[name], copy)
  if (value === undefined) delete place[last]
  else place[last] = value
  return copy
}

const counts = 'state.chain.operators.0.counts'
const required = [
  ...['pipeline', 'phase', 'state', 'starts', 'saves'],
  ...['source', 'operators', 'sink'].map(name => `pipeline.${name}`),
  'pipeline.operators.1.name',
  ...['source', 'chain', 'sinks'].map(name => `state.${name}`),
  ...['operators', 'records', 'rejected', 'passed'].map(name => `state.chain.${name}`),
  ...['name', 'counts'].map(name => `state.chain.operators.1.${name}`),
  ...['in', 'out', 'unused', 'rejected', 'ended', 'own'].map(name => `${counts}.${name}`),
]
const wrong: [at: string, value: unknown][] = [
  ['phase', 'complete'],
  ['phase', 'finished'],
  ['starts', -1],
  ['saves', 1.5],
  ['saves', '1'],
  ['report', 'good'],
  ['pipeline', []],
  ['pipeline.version', 1],
  ['pipeline.operators', {}],
  ['pipeline.operators', ['take']],
  ['pipeline.operators.0.name', 7],
  ['state', null],
  ['state.sinks', 'sink'],
  ['state.chain.operators', [null]],
  ['state.chain.passed', null],
  ['state.chain', { operators: [], records: 0, rejected: 0, branches: [{ operators: [] }] }],
  ['state.chain', { operators: [], records: 0, rejected: 0, passed: 0, dropped: 1 }],
  [`${counts}.in`, 0.5],
  [`${counts}.own`, { quarantined: '2' }],
  [`${counts}.ended`, 1],
]
for (const [at, value] of [...required.map(name => [name, undefined] as const), ...wrong]) {
  const what = value === undefined ? `without ${at}` : `whose ${at} is ${JSON.stringify(value)}`
  t.test(`loadCheckpoint: a checkpoint ${what} is damaged although its digest is right`, async t => {
    const path = join(t.testdir(), 'a.json')
    const found = await loaded(path, sealed(JSON.stringify(changed(at, value))))
    t.ok(isCheckpointError(found, path))
    t.match(found, {
      message:
        /: it is damaged: it does not match the schema of version 2; delete it to start again, or give another path$/,
    })
  })
}

t.test('loadCheckpoint: a checkpoint of each phase is loaded with version and report', async t => {
  const path = join(t.testdir(), 'a.json')
  for (const phase of ['running', 'prepared', 'committed'] as const) {
    const given = { ...aCheckpoint(), phase, report: { read: 4 } }
    given.pipeline = { ...given.pipeline, version: 'a version' }
    t.strictSame(await loaded(path, sealed(JSON.stringify(given))), given)
  }
})
