import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { EncodeBuffer } from '../../lib/formats/EncodeBuffer.ts'
import { formats } from '../../lib/formats/formats.ts'

const record = fc.record({
  value: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.nat(200_000).map(length => 'é'.repeat(length)),
    fc.integer(),
  ),
  hasLine: fc.boolean(),
})

t.test('EncodeBuffer: the blocks together are the document, whatever the records and the cuts', async () => {
  const property = fc.property(
    fc.constantFrom('ndjson' as const, 'json' as const),
    fc.array(record, { maxLength: 8 }),
    fc.array(fc.nat(8)),
    fc.integer({ min: 1, max: 400_000 }),
    (format, records, cuts, blockLength) => {
      const buffer = new EncodeBuffer(formats[format](), blockLength)
      const blocks = records.flatMap(({ value, hasLine }, index) => {
        const line = hasLine ? Buffer.from(` ${JSON.stringify(value)}`) : undefined
        const full = buffer.add(value, line)
        return [full, cuts.includes(index) ? buffer.cut() : undefined].filter(block => block !== undefined)
      })
      blocks.push(buffer.end())
      const texts = records.map(({ value, hasLine }) => (hasLine ? ' ' : '') + JSON.stringify(value))
      const document = {
        ndjson: texts.map(text => `${text}\n`).join(''),
        json: texts.length === 0 ? '[]\n' : `[\n${texts.join(',\n')}\n]\n`,
      }[format]
      assert.equal(Buffer.concat(blocks.map(({ bytes }) => bytes)).toString(), document)
      assert.equal(
        blocks.reduce((sum, block) => sum + block.records, 0),
        records.length,
      )
      const unchanged = records.filter(({ hasLine }) => hasLine).length
      assert.deepEqual(buffer.counts, { records: records.length, unchanged })
    },
  )
  fc.assert(property, { numRuns: 300 })
})
