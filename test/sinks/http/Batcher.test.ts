import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { Batcher, type HttpBatch, halves } from '../../../lib/sinks/http/Batcher.ts'
import { type BodyFormatName, bodyFormats, bodyOf } from '../../../lib/sinks/http/body.ts'

const names = Object.keys(bodyFormats) as BodyFormatName[]

function batchesOf(records: unknown[], format: BodyFormatName, limits: { records: number; bytes: number }) {
  const batcher = new Batcher(bodyFormats[format], limits)
  const batches = records.flatMap(record => batcher.add(record))
  const rest = batcher.cut()
  return rest === undefined ? batches : [...batches, rest]
}

const numbersIn = ({ records }: HttpBatch<unknown>) => records.length

t.test('Batcher: a batch has the given number of records', async t => {
  const limits = { records: 3, bytes: 1_000 }
  t.strictSame(batchesOf([1, 2, 3], 'ndjson', limits).map(numbersIn), [3])
  t.strictSame(batchesOf([1, 2, 3, 4], 'ndjson', limits).map(numbersIn), [3, 1])
  t.strictSame(
    batchesOf([1, 2, 3, 4], 'ndjson', limits).map(({ position }) => position),
    [0, 3],
  )
})

t.test('Batcher: a full batch is returned with its last record, not with the next', async t => {
  const batcher = new Batcher(bodyFormats.ndjson, { records: 2, bytes: 1_000 })
  t.strictSame(batcher.add('a'), [])
  t.match(batcher.add('b'), [{ position: 0, records: ['a', 'b'], texts: ['"a"', '"b"'] }])
  t.equal(batcher.count, 0)
  t.equal(batcher.cut(), undefined)
  const byBytes = new Batcher(bodyFormats.ndjson, { records: 9, bytes: 8 })
  t.strictSame(byBytes.add('a'), [])
  t.match(byBytes.add('b'), [{ records: ['a', 'b'] }])
  t.match(byBytes.add('too large'), [{ position: 2, records: ['too large'] }])
})

t.test('Batcher: the limit of bytes includes the separators of the format', async t => {
  // "é" has four bytes as JSON; an NDJSON line of it has five.
  const records = ['é', 'é', 'é', 'é']
  t.strictSame(batchesOf(records, 'ndjson', { records: 9, bytes: 10 }).map(numbersIn), [2, 2])
  t.strictSame(batchesOf(records, 'ndjson', { records: 9, bytes: 14 }).map(numbersIn), [2, 2])
  t.strictSame(batchesOf(records, 'ndjson', { records: 9, bytes: 15 }).map(numbersIn), [3, 1])
  t.strictSame(batchesOf(records, 'json', { records: 9, bytes: 11 }).map(numbersIn), [2, 2])
  t.strictSame(batchesOf(records, 'json', { records: 9, bytes: 10 }).map(numbersIn), [1, 1, 1, 1])
})

t.test('Batcher: a record larger than the limit is a batch by itself, in order', async t => {
  const large = 'x'.repeat(50)
  const batches = batchesOf([1, 2, large, 3], 'ndjson', { records: 9, bytes: 20 })
  t.strictSame(
    batches.map(({ records }) => records),
    [[1, 2], [large], [3]],
  )
})

t.test('Batcher: batches of any records keep to the limits and are as large as possible', async t => {
  const property = fc.property(
    fc.array(fc.jsonValue({ maxDepth: 1, stringUnit: 'binary' }), { maxLength: 40 }),
    fc.constantFrom(...names.filter(name => name !== 'single')),
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: 1, max: 100 }),
    (values, format, records, bytes) => {
      const batches = batchesOf(values, format, { records, bytes })
      const size = (texts: readonly string[]) => bodyOf(texts, bodyFormats[format]).length
      assert.deepEqual(
        batches.flatMap(batch => batch.records),
        values,
      )
      let position = 0
      for (const [index, batch] of batches.entries()) {
        assert.equal(batch.position, position)
        position += batch.records.length
        assert.deepEqual(
          batch.texts,
          batch.records.map(record => JSON.stringify(record)),
        )
        assert.ok(batch.records.length <= records)
        assert.ok(size(batch.texts) <= bytes || batch.records.length === 1)
        const next = batches[index + 1]?.texts[0]
        if (next === undefined || batch.records.length === records) continue
        assert.ok(size([...batch.texts, next]) > bytes, 'the next record would not fit')
      }
    },
  )
  t.doesNotThrow(() => fc.assert(property))
})

t.test('bodyOf: the bytes of each format', async t => {
  const texts = ['{"a":1}', '2', '"x"']
  t.equal(bodyOf(texts, bodyFormats.ndjson).toString(), '{"a":1}\n2\n"x"\n')
  t.equal(bodyOf(texts, bodyFormats.json).toString(), '[{"a":1},2,"x"]')
  t.equal(bodyOf(['{"a":1}'], bodyFormats.single).toString(), '{"a":1}')
})

t.test('halves: both halves keep order and position', async t => {
  const batch = { position: 10, records: [1, 2, 3], texts: ['1', '2', '3'] }
  t.strictSame(halves(batch), [
    { position: 10, records: [1, 2], texts: ['1', '2'] },
    { position: 12, records: [3], texts: ['3'] },
  ])
})

t.test('Batcher: a record that is not JSON throws and is not added', async t => {
  const batcher = new Batcher<unknown>(bodyFormats.ndjson, { records: 2, bytes: 100 })
  for (const record of [undefined, 1n, () => {}, Buffer.from('x')]) {
    t.throws(() => batcher.add(record), TypeError)
  }
  t.equal(batcher.count, 0)
})
