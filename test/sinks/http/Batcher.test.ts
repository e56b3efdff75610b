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

t.test('a batch is cut at exactly so many records', async t => {
  const limits = { records: 3, bytes: 1_000 }
  t.strictSame(batchesOf([1, 2, 3], 'ndjson', limits).map(numbersIn), [3])
  t.strictSame(batchesOf([1, 2, 3, 4], 'ndjson', limits).map(numbersIn), [3, 1])
  t.strictSame(
    batchesOf([1, 2, 3, 4], 'ndjson', limits).map(({ position }) => position),
    [0, 3],
  )
})

t.test('a full batch is handed over with its last record, not with the next', async t => {
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

t.test('a body has exactly so many bytes, its own characters among them', async t => {
  // "é" is a text of four bytes; as NDJSON each line has five.
  const records = ['é', 'é', 'é', 'é']
  t.strictSame(batchesOf(records, 'ndjson', { records: 9, bytes: 10 }).map(numbersIn), [2, 2])
  t.strictSame(batchesOf(records, 'ndjson', { records: 9, bytes: 14 }).map(numbersIn), [2, 2])
  t.strictSame(batchesOf(records, 'ndjson', { records: 9, bytes: 15 }).map(numbersIn), [3, 1])
  t.strictSame(batchesOf(records, 'json', { records: 9, bytes: 11 }).map(numbersIn), [2, 2])
  t.strictSame(batchesOf(records, 'json', { records: 9, bytes: 10 }).map(numbersIn), [1, 1, 1, 1])
})

t.test('a record that is too large is a batch by itself, in its place', async t => {
  const large = 'x'.repeat(50)
  const batches = batchesOf([1, 2, large, 3], 'ndjson', { records: 9, bytes: 20 })
  t.strictSame(
    batches.map(({ records }) => records),
    [[1, 2], [large], [3]],
  )
})

t.test('whatever the records, bodies keep to the limits and no batch could take one more', async () => {
  fc.assert(
    fc.property(
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
          assert.ok(size([...batch.texts, next]) > bytes, 'the next record would not have fitted')
        }
      },
    ),
  )
})

t.test('bodies read back as what they were made of', async t => {
  const texts = ['{"a":1}', '2', '"x"']
  t.equal(bodyOf(texts, bodyFormats.ndjson).toString(), '{"a":1}\n2\n"x"\n')
  t.equal(bodyOf(texts, bodyFormats.json).toString(), '[{"a":1},2,"x"]')
  t.equal(bodyOf(['{"a":1}'], bodyFormats.single).toString(), '{"a":1}')
})

t.test('halves keep order and place', async t => {
  const batch = { position: 10, records: [1, 2, 3], texts: ['1', '2', '3'] }
  t.strictSame(halves(batch), [
    { position: 10, records: [1, 2], texts: ['1', '2'] },
    { position: 12, records: [3], texts: ['3'] },
  ])
})

t.test('what is no JSON is refused, and not taken', async t => {
  const batcher = new Batcher<unknown>(bodyFormats.ndjson, { records: 2, bytes: 100 })
  for (const record of [undefined, 1n, () => {}, Buffer.from('x')]) {
    t.throws(() => batcher.add(record), TypeError)
  }
  t.equal(batcher.count, 0)
})
