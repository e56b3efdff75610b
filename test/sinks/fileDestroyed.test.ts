import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { toFile } from '../../lib/index.ts'
import { eventually } from '../support/eventually.ts'
import { openFiles } from '../support/openFiles.ts'
import { turns } from '../support/turns.ts'

const dir = t.testdir()
const old = 'the older file, byte for byte\n'

/** What there is in the folder: names, and what the files hold. */
const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(join(folder, name))]))

const scenario = fc.record({
  records: fc.array(fc.nat(200_000), { maxLength: 5 }),
  end: fc.boolean(),
  moment: fc.oneof(
    fc.nat(12).map(power => 2 ** power - 1),
    fc.constant('when it is closed'),
  ),
  zipped: fc.boolean(),
  exists: fc.boolean(),
  error: fc.constantFrom(undefined, new Error('from outside')),
})

t.test('destroyed at any moment: no temporary file, and the older file or the whole new one', async t => {
  const before = openFiles()
  let survived = 0
  let replaced = 0
  const property = fc.asyncProperty(scenario, async ({ records, end, moment, zipped, exists, error }) => {
    const folder = mkdtempSync(join(dir, 'destroyed-'))
    const name = zipped ? 'a.ndjson.gz' : 'a.ndjson'
    if (exists) writeFileSync(join(folder, name), old)
    const sink = toFile(join(folder, name))
    const failing = finished(sink).catch((reason: unknown) => reason)
    const texts = records.map(length => ({ text: 'x'.repeat(length) }))
    for (const text of texts) sink.write(text)
    if (end) sink.end()
    if (typeof moment === 'number') await turns(moment)
    else if (end) await failing
    const had = sink.writableFinished
    sink.destroy(error)
    const failure = await failing
    if (!sink.closed) await new Promise(resolve => sink.once('close', resolve))

    const after = contents(folder)
    await turns(5)
    assert.deepEqual(contents(folder), after, 'nothing changes any more once it is closed')
    assert.deepEqual(
      Object.keys(after).filter(file => file !== name),
      [],
      'no temporary file is left',
    )
    const whole = texts.map(text => `${JSON.stringify(text)}\n`).join('')
    const found = after[name]
    assert.equal(failure === undefined, had, 'whoever waits for it hears whether it was finished')
    const isOld = exists ? found?.toString() === old : found === undefined
    const isNew = () => found !== undefined && (zipped ? gunzipSync(found) : found).toString() === whole
    assert.ok(had ? isNew() : isOld || isNew(), 'complete, or as before')
    if (isOld) survived += 1
    else replaced += 1
    if (isOld && !had) assert.equal(sink.counts.acknowledged, 0)
    rmSync(folder, { recursive: true })
  })
  await t.resolves(fc.assert(property, { numRuns: 150 }))
  t.ok(survived > 10 && replaced > 3, `${survived} survived, ${replaced} replaced: the moments are spread`)
  t.equal(await eventually(openFiles, before), before)
})

t.test('destroyed before the first record, it touches nothing', async t => {
  const folder = mkdtempSync(join(dir, 'untouched-'))
  const sink = toFile(join(folder, 'a.ndjson'))
  sink.destroy()
  await t.rejects(finished(sink), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  t.strictSame(readdirSync(folder), [])
})

t.test('between the last byte and the renaming: the older file stays', async t => {
  // Every moment of the end, one after the other: syncing, closing, renaming.
  const folder = mkdtempSync(join(dir, 'end-'))
  const path = join(folder, 'a.ndjson')
  const outcomes = new Set<string>()
  for (let moment = 0; moment < 400; moment += 10) {
    writeFileSync(path, old)
    const sink = toFile(path)
    const done = finished(sink).then(
      () => 'finished',
      () => 'failed',
    )
    sink.end({ new: true })
    await turns(moment)
    sink.destroy()
    const outcome = await done
    if (!sink.closed) await new Promise(resolve => sink.once('close', resolve))
    const text = readFileSync(path, 'utf8')
    outcomes.add(`${outcome}, ${text === old ? 'old' : 'new'}`)
    await turns(5)
    t.equal(readFileSync(path, 'utf8'), text, `moment ${moment}`)
    t.strictSame(readdirSync(folder), ['a.ndjson'])
  }
  t.notOk(outcomes.has('finished, old'), [...outcomes].join('; '))
  t.ok(outcomes.has('failed, old'))
})
