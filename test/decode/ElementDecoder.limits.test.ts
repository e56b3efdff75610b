import t from 'tap'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, laneNames } from '../support/decodeAll.ts'

/** One element of each kind with this many bytes. */
function elementsOf(size: number): string[] {
  return [
    `"${'x'.repeat(size - 2)}"`,
    '1'.repeat(size),
    `{"a":"${'x'.repeat(size - 8)}"}`,
    `[${'1'.repeat(size - 2)}]`,
    `"${'é'.repeat((size - 2) / 2)}"`,
  ]
}

t.test(
  'decoder, maxLeadBytes: an element of exactly that size is decoded, one byte more is refused',
  async t => {
    for (const text of elementsOf(20)) {
      t.equal(Buffer.byteLength(text), 20)
      const body = Buffer.from(`[0, ${text} , 0]`)
      for (const chunks of [[body], byteByByte(body), cutAt(body, 10), cutAt(body, 24)]) {
        t.strictSame(decodeAll('express', chunks, { maxLeadBytes: 20 }).elements, JSON.parse(body.toString()))
        const { error, elements } = decodeAll('express', chunks, { maxLeadBytes: 19 })
        t.equal(error?.message, 'page 1, byte 4: an element is larger than maxLeadBytes (19)')
        t.match(error, { code: 'DECODE', retryable: false, context: { offset: 4, problem: 'limit' } })
        t.strictSame(elements, [0])
      }
    }
  },
)

t.test(
  'decoder, maxLeadBytes: an endless element is refused before more than the limit and one chunk are held',
  async t => {
    for (const lane of laneNames) {
      for (const start of ['[{"a":"', '["', '[1', '[[', '[{"a":[1,']) {
        let chunks = 0
        function* endless() {
          yield Buffer.from(start)
          for (; chunks < 1_000; chunks += 1) yield Buffer.alloc(10, start === '[[' ? '1,' : '1')
        }
        const { error } = decodeAll(lane, endless(), { maxLeadBytes: 100 })
        t.match(error, { code: 'DECODE', context: { problem: 'limit' } }, `${lane}: ${start}`)
        t.match(error?.message, 'an element is larger than maxLeadBytes (100)')
        t.ok(chunks <= 12, `after ${chunks} chunks`)
      }
    }
  },
)

t.test(
  'decoder, maxLeadBytes: the stream-json lane decodes an element of exactly that size, in chunks of any size',
  async t => {
    for (const text of elementsOf(20)) {
      const body = Buffer.from(`[0,${text},0]`)
      for (const chunks of [[body], byteByByte(body), cutAt(body, 10)]) {
        const { error, elements } = decodeAll('stream-json', chunks, { maxLeadBytes: 20 })
        t.equal(error, undefined)
        t.equal(elements.length, 3)
      }
    }
  },
)

t.test('decoder, maxLeadBytes limits one element, not the spaces between elements nor their sum', async t => {
  const body = Buffer.from(`[${Array(200).fill('"0123456"').join(',\n        ')}]`)
  const chunkings = [[body], cutAt(body, 1_000, 2_000), byteByByte(body)]
  for (const chunks of chunkings) {
    const { error, elements } = decodeAll('express', chunks, { maxLeadBytes: 9 })
    t.equal(error, undefined)
    t.equal(elements.length, 200)
  }
  // The stream-json lane counts the spaces before an element as part of it.
  for (const chunks of chunkings) {
    const { error, elements } = decodeAll('stream-json', chunks, { maxLeadBytes: 9 + 9 })
    t.equal(error, undefined)
    t.equal(elements.length, 200)
  }
})

t.test(
  'decoder, maxDepth: an element nested exactly that deep is decoded, one level more is refused',
  async t => {
    const nested = [
      (depth: number) => '['.repeat(depth) + ']'.repeat(depth),
      (depth: number) => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth),
      (depth: number) => '[{"a":'.repeat(depth / 2) + 1 + '}]'.repeat(depth / 2),
    ]
    for (const lane of laneNames) {
      for (const path of [[], ['a'], ['a', 'b']]) {
        const wrap = (text: string) =>
          path.reduceRight((inner, key) => `{"x":[[[]]],"${key}":${inner}}`, `[0,${text},[0]]`)
        for (const make of nested) {
          for (const chunk of [(body: Buffer) => [body], byteByByte]) {
            const good = decodeAll(lane, chunk(Buffer.from(wrap(make(4)))), { maxDepth: 4, path })
            t.equal(good.error, undefined)
            t.equal(good.elements.length, 3)
            const bad = decodeAll(lane, chunk(Buffer.from(wrap(make(6)))), { maxDepth: 5, path })
            t.match(bad.error, { code: 'DECODE', retryable: false, context: { problem: 'limit' } })
            t.match(bad.error?.message, 'an element is nested deeper than maxDepth (5)')
            t.strictSame(bad.elements, [0])
          }
        }
      }
    }
  },
)

t.test('decoder, maxDepth: the express lane names the byte at which an element is too deep', async t => {
  const { error } = decodeAll('express', [Buffer.from('[1,{"a":[[1]]}]')], { maxDepth: 2 })
  t.equal(error?.message, 'page 1, byte 9: an element is nested deeper than maxDepth (2)')
})

t.test('decoder, maxDepth: brackets in strings are not counted', async t => {
  for (const lane of laneNames) {
    const body = Buffer.from('[{"[[[[{{{{":"[[[[\\"[[[["}]')
    t.equal(decodeAll(lane, [body], { maxDepth: 1 }).error, undefined)
  }
})
