import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { loadCheckpoint } from '../../lib/checkpoint/loadCheckpoint.ts'
import { saveCheckpoint } from '../../lib/checkpoint/saveCheckpoint.ts'
import { LeadpipeError } from '../../lib/errors.ts'
import { failureOf } from '../support/failureOf.ts'
import { aCheckpoint } from './aCheckpoint.ts'

/** What is loaded from a file of these bytes: a checkpoint, or the error. */
async function loaded(path: string, bytes: Uint8Array | string): Promise<unknown> {
  writeFileSync(path, bytes)
  return loadCheckpoint(path).catch(error => error)
}

const isRefusal = (found: unknown, path: string) =>
  found instanceof LeadpipeError &&
  found.code === 'CHECKPOINT' &&
  found.context.path === path &&
  found.message.startsWith(`checkpoint ${path}: `)

async function real(path: string): Promise<Buffer> {
  await saveCheckpoint(path, aCheckpoint())
  return readFileSync(path)
}

t.test('cut anywhere, it is refused; without its last line break it is whole', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await real(path)
  const accepted: number[] = []
  for (let length = 0; length < whole.length; length += 1) {
    const found = await loaded(path, whole.subarray(0, length))
    if (isRefusal(found, path)) continue
    accepted.push(length)
    t.strictSame(found, aCheckpoint(), `cut to ${length} bytes`)
  }
  t.strictSame(accepted, [whole.length - 1])
})

t.test('with any byte changed, it is refused', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await real(path)
  const accepted: number[] = []
  for (let at = 0; at < whole.length; at += 1) {
    // A flipped bit; a line break; the digit or letter next to it.
    for (const byte of [(whole[at] as number) ^ 0x20, 0x0a, (whole[at] as number) ^ 1]) {
      if (byte === whole[at]) continue
      const changed = Buffer.from(whole)
      changed[at] = byte
      if (!isRefusal(await loaded(path, changed), path)) accepted.push(at)
    }
  }
  t.strictSame(accepted, [])
})

t.test('whatever is done to it, it is refused, or says what it said', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await real(path)
  const place = fc.nat(whole.length)
  await fc.assert(
    fc.asyncProperty(place, place, fc.uint8Array({ maxLength: 40 }), async (from, to, bytes) => {
      const damaged = Buffer.concat([whole.subarray(0, from), bytes, whole.subarray(to)])
      const found = await loaded(path, damaged)
      if (!isRefusal(found, path)) t.strictSame(found, aCheckpoint())
    }),
    { numRuns: 300 },
  )
})

t.test('what stands behind it is refused: another process wrote into it', async t => {
  const path = join(t.testdir(), 'a.json')
  const whole = await real(path)
  t.ok(isRefusal(await loaded(path, Buffer.concat([whole, Buffer.from('x')])), path))
  t.ok(isRefusal(await loaded(path, Buffer.concat([whole, whole])), path))
})

const others: Record<string, string> = {
  'an empty file': '',
  'line breaks': '\n\n\n',
  'an object of another program': '{"version":1}\n',
  'an array': '[]\n[]\n',
  null: 'null\nnull\n',
  'a text': '"leadpipe checkpoint"\n{}\n',
  'no JSON': 'guid,email\na,b\n',
  'an export': '{"guid":"a"}\n{"guid":"b"}\n',
}
for (const [what, text] of Object.entries(others)) {
  t.test(`${what} is no checkpoint`, async t => {
    const path = join(t.testdir(), 'a.json')
    const found = await loaded(path, text)
    t.ok(isRefusal(found, path))
    t.match(found, { message: /it is no checkpoint of leadpipe, or a damaged one$/ })
  })
}

t.test('one of another version says so, whatever else it holds', async t => {
  const path = join(t.testdir(), 'a.json')
  const later = (await real(path)).toString().replace('"version":1', '"version":2')
  writeFileSync(path, later)
  t.match(await failureOf(loadCheckpoint(path)), {
    code: 'CHECKPOINT',
    message: `checkpoint ${path}: it is of version 2, expected version 1`,
  })
})
