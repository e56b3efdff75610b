import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { bodies, cuts } from '../support/bodies.ts'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, type Lane, laneNames, lanes } from '../support/decodeAll.ts'
import { root } from '../support/root.ts'

const sample = readFileSync(`${root}test/fixtures/lead-sample.json`)

/** Expects that a lane decodes these elements from the chunks and counts all of them. */
function expectElements(lane: Lane, chunks: Uint8Array[], expected: unknown[]): void {
  const { elements, error, counts } = decodeAll(lane, chunks)
  if (error !== undefined) throw error
  deepStrictEqual(elements, expected)
  deepStrictEqual(counts, {
    bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    scanned: expected.length,
    tokenised: expected.length,
    decoded: expected.length,
    malformed: 0,
  })
}

t.test(
  'decoder: both lanes decode and count what JSON.parse returns, however a body is spaced and cut',
  async () => {
    fc.assert(
      fc.property(bodies, cuts, ({ body, expected }, shares) => {
        const offsets = shares.map(share => Math.round(share * body.length))
        for (const lane of laneNames) {
          expectElements(lane, [body], expected)
          expectElements(lane, cutAt(body, ...offsets), expected)
        }
      }),
      { numRuns: 300 },
    )
  },
)

const awkward = Buffer.from(
  `\ufeff \t[ {"a\\"b":"\\\\","c":"\\\\\\"","\\u0000":"\\u00e9é漢😀\\ud83d\\ude00"},-1.5e+3 ,"]}\\\\",\r\n[[],{},[{"x":[1]}]],null,true,false,0,"","\ufffd",{"__proto__":{"__proto__":1}},[{"__proto__":[2]}]] \n`,
)
const parsed = JSON.parse(awkward.toString().slice(1)) as unknown[]

t.test('decoder: both lanes decode a body that is cut into two chunks at any byte', async () => {
  for (const lane of laneNames) {
    for (let at = 0; at <= awkward.length; at += 1) expectElements(lane, cutAt(awkward, at), parsed)
  }
})

t.test('decoder: both lanes decode a body that is cut into three chunks at any two bytes', async () => {
  const short = Buffer.from('[{"a\\"":"\\\\é"},-1.5e3,"😀",true,[{}]]')
  const expected = JSON.parse(short.toString()) as unknown[]
  for (const lane of laneNames) {
    for (let first = 0; first <= short.length; first += 1) {
      for (let second = first; second <= short.length; second += 1) {
        expectElements(lane, cutAt(short, first, second), expected)
      }
    }
  }
})

t.test('decoder: both lanes decode a body that arrives byte by byte', async t => {
  for (const lane of laneNames) {
    expectElements(lane, byteByByte(awkward), parsed)
    const { elements, error } = decodeAll(lane, byteByByte(sample))
    t.equal(error, undefined)
    t.strictSame(elements, JSON.parse(sample.toString()))
  }
})

t.test('decoder: both lanes: __proto__ is an own property of an element, not its prototype', async t => {
  for (const lane of laneNames) {
    const { elements } = decodeAll(lane, [Buffer.from('[{"__proto__":{"polluted":true},"a":1}]')])
    const [element] = elements as [object]
    t.equal(Object.getPrototypeOf(element), Object.prototype)
    t.strictSame(Object.keys(element), ['__proto__', 'a'])
    t.notOk('polluted' in element)
  }
})

t.test('decoder: both lanes: the last value of a duplicate key is kept', async t => {
  for (const lane of laneNames) {
    t.strictSame(decodeAll(lane, [Buffer.from('[{"a":1,"b":2,"a":3}]')]).elements, [{ a: 3, b: 2 }])
  }
})

t.test('decoder: both lanes read numbers as JSON.parse does', async () => {
  const text = '[-0,0.1,1E-400,9007199254740993,123456789012345678901234567890,1.0]'
  for (const lane of laneNames) {
    expectElements(lane, [Buffer.from(text)], JSON.parse(text) as unknown[])
  }
})

t.test('decoder: both lanes find no elements in an empty array', async () => {
  for (const lane of laneNames) {
    for (const text of ['[]', ' [ ] ', '\ufeff[\n]\n'])
      expectElements(lane, byteByByte(Buffer.from(text)), [])
  }
})

t.test('decoder: both lanes ignore empty chunks', async () => {
  for (const lane of laneNames) {
    const none = Buffer.alloc(0)
    const chunks = byteByByte(awkward).flatMap(byte => [none, byte, none])
    expectElements(lane, chunks, parsed)
  }
})

t.test('decoder: both lanes: a chunk may be reused after its elements are taken', async t => {
  for (const lane of laneNames) {
    const chunk = Buffer.alloc(7)
    function* reused() {
      for (let at = 0; at < awkward.length; at += chunk.length) {
        const length = awkward.copy(chunk, 0, at)
        yield chunk.subarray(0, length)
      }
    }
    t.strictSame(decodeAll(lane, reused()).elements, parsed)
  }
})

t.test('decoder: both lanes decode lazily: elements after the last one taken are not parsed', async t => {
  for (const lane of laneNames) {
    const decoder = lanes[lane]({ page: 1, path: [], maxLeadBytes: 100, maxDepth: 10 })
    for (const { value } of decoder.write(Buffer.from('[1,2,3,4,5]'))) if (value === 2) break
    const { scanned, decoded, malformed } = decoder.counts
    t.same({ scanned, decoded, malformed }, { scanned: 2, decoded: 2, malformed: 0 }, lane)
  }
})
