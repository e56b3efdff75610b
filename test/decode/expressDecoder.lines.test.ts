import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { DecodedElement } from '../../lib/decode/ElementDecoder.ts'
import { expressDecoder } from '../../lib/decode/expressDecoder.ts'
import { bodies, cuts } from '../support/bodies.ts'
import { byteByByte, cutAt } from '../support/cutAt.ts'

const options = { page: 1, path: [], maxLeadBytes: 2 ** 20, maxDepth: 100, lines: 'all' } as const

/** All elements of a body; each is kept while later chunks are decoded. */
function elementsOf(chunks: Iterable<Uint8Array>): DecodedElement[] {
  const decoder = expressDecoder(options)
  const elements: DecodedElement[] = []
  for (const chunk of chunks) elements.push(...decoder.write(chunk))
  decoder.end()
  return elements
}

const textOf = ({ line }: DecodedElement) => line && Buffer.from(line).toString()

t.test(
  'express decoder: however a body is split, the lines of all elements stay what they were',
  async () => {
    const property = fc.property(bodies, cuts, ({ body, expected }, shares) => {
      const chunks = cutAt(body, ...shares.map(share => Math.round(share * body.length)))
      const elements = elementsOf(chunks)
      assert.equal(elements.length, expected.length)
      for (const element of elements) {
        const raw = element.raw as string
        if (element.line === undefined) assert.match(raw, /[\r\n]/)
        else {
          assert.equal(textOf(element), raw)
          assert.doesNotMatch(raw, /[\r\n]/)
          assert.deepEqual(JSON.parse(raw), element.value)
        }
      }
    })
    fc.assert(property, { numRuns: 500 })
  },
)

const kept = [
  '{"a": 1.0, "b":1E3 ,"c":-0}',
  '{"long":12345678901234567890.123456789}',
  '{"\\u00e9":"\\/","\\\\":"\\""}',
  '{"10":1,"9":2}',
  '{"a":{"b":1,"b":2}}',
  '{"a":[":",{"b":":"}]}',
  '{}',
  '[1, 2]',
  '"text"',
  '{"é":"漢字 😀"}',
]
for (const text of kept) {
  t.test(`express decoder: the line of ${text} is its text`, async t => {
    const body = Buffer.from(`[${text}, ${text}]`)
    for (const chunks of [[body], byteByByte(body)])
      t.strictSame(elementsOf(chunks).map(textOf), [text, text])
  })
}

const without = {
  'a line feed': Buffer.from('{"a":\n1}'),
  'a carriage return': Buffer.from('{"a":1\r}'),
  'a key that is repeated at the top level': Buffer.from('{"a":"x","b":1,"a":2}'),
  'a key that is repeated with escapes': Buffer.from('{"a":1,"\\u0061":2}'),
  'bytes that are not UTF-8': Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
}
for (const [what, element] of Object.entries(without)) {
  t.test(`express decoder: an element with ${what} has no line`, async t => {
    const body = Buffer.concat([Buffer.from('[{"a":1},'), element, Buffer.from(']')])
    for (const chunks of [[body], byteByByte(body)])
      t.strictSame(elementsOf(chunks).map(textOf), ['{"a":1}', undefined])
  })
}

t.test('express decoder: without the option, elements have no line', async t => {
  const decoder = expressDecoder({ ...options, lines: undefined })
  t.strictSame([...decoder.write(Buffer.from('[{"a":1}]'))].map(textOf), [undefined])
})
