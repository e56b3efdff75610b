import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { expressDecoder } from '../../lib/decode/expressDecoder.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, laneNames } from '../support/decodeAll.ts'

const options = { rejected: 'emit', maxLeadBytes: 16 } as const

/** What a decoder emits for elements with these texts: `separator` is between them, the first begins at byte `start`. */
function expected(texts: readonly string[], separator: string, start: number): unknown[] {
  let byte = start
  return texts.map((text, element) => {
    const place = { page: 1, element, byte }
    const bytes = Buffer.from(text)
    byte += bytes.length + Buffer.byteLength(separator)
    if (bytes.length > options.maxLeadBytes) {
      const raw = bytes.toString('utf8', 0, options.maxLeadBytes)
      return new Rejected('too large', 'it is larger than maxLeadBytes (16)', raw, place)
    }
    try {
      return JSON.parse(text) as unknown
    } catch {
      return new Rejected('malformed', 'it is not valid JSON', text, place)
    }
  })
}

/** Expects that the chunks decode to these elements and that the counts add up. */
function expectElements(chunks: Uint8Array[], wanted: readonly unknown[]): void {
  const { elements, error, counts } = decodeAll('express', chunks, options)
  if (error !== undefined) throw error
  deepStrictEqual(elements, wanted)
  const malformed = wanted.filter(element => element instanceof Rejected).length
  deepStrictEqual(counts, {
    bytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    scanned: wanted.length,
    tokenised: wanted.length,
    decoded: wanted.length - malformed,
    malformed,
  })
}

/** Elements that are larger than the limit, or not JSON although their quotes and brackets balance. */
const bad: Record<string, string> = {
  'a large string with escapes': JSON.stringify('a\\\\"b\\"\\{["}],\\\\ééé'),
  'a large string of backslashes': JSON.stringify('\\'.repeat(13)),
  'a large string of quotes': JSON.stringify('"'.repeat(13)),
  'a large string that ends with an escape': `"${'x'.repeat(17)}\\u00e9\\\\\\""`,
  'a large string of more bytes than characters': JSON.stringify('😀'.repeat(5)),
  'a large object': '{"a\\"":"\\\\","b":[{"c":["]}",{"d":"{["}]}],"e":{}}',
  'a large array': '[[[1,"]"],[2,"\\\\"]],{"[":"]"},[],[[]]]',
  'a large object with spaces': '{ "a" : [ 1 , 2 ] , \r\n\t"b" : "x" }',
  'a large number': '-1234567890.1234567890e+10',
  'a large word': 'truetruetruetruetrue',
  'a large object that is not JSON': '{"a":tru,"b":[,],"c":"\\q"}',
  'a misspelt word': 'tru',
  'a malformed number': '01',
  'a malformed object': '{"a":1,}',
  'a malformed array': '[1,,2]',
  'a malformed string': '"\\q"',
  'a string with a bare control character': '"a\tb"',
}

for (const [name, text] of Object.entries(bad)) {
  t.test(
    `decoder, rejected: emit: ${name} is emitted raw with its byte, wherever the body is cut`,
    async () => {
      for (const separator of [',', ' ,\n ']) {
        for (const texts of [[text], ['{"a":"é"}', text, '"b"'], [text, '1', text, text, '{}']]) {
          const wanted = expected(texts, separator, 1)
          const body = Buffer.from(`[${texts.join(separator)}]`)
          for (let at = 0; at <= body.length; at += 1) expectElements(cutAt(body, at), wanted)
          expectElements(byteByByte(body), wanted)
          for (const size of [2, 3, 7, 15, 16, 17]) {
            const cuts = Array.from({ length: Math.ceil(body.length / size) }, (_, i) => i * size)
            expectElements(cutAt(body, ...cuts), wanted)
          }
        }
      }
    },
  )
}

t.test(
  'decoder, rejected: emit: an element that is skipped may be cut into three chunks at any two bytes',
  async () => {
    for (const text of [bad['a large string of backslashes'], bad['a large object']] as string[]) {
      const body = Buffer.from(`[0,${text},{"a":1}]`)
      const wanted = expected(['0', text, '{"a":1}'], ',', 1)
      for (let first = 0; first <= body.length; first += 1) {
        for (let second = first; second <= body.length; second += 1) {
          expectElements(cutAt(body, first, second), wanted)
        }
      }
    }
  },
)

/** An array of this depth, with brackets in strings, which do not count. */
const nested = (depth: number, inside = '') =>
  `${'[{"]}\\"[":'.repeat(depth / 2)}${inside}"[["${'}]'.repeat(depth / 2)}`

const deep: Record<string, string> = {
  'an array one level too deep': `[${nested(10)}]`,
  'an object a million levels too deep': nested(1_000_000),
  'a deep element that is not JSON': nested(20, 'tru,,'),
  'a deep element with crossed brackets': nested(20, '[[[}}}'),
  'two deep arrays in an object': `{"a":${nested(20)},"b":[],"c":${nested(30)}}`,
}
for (const [name, text] of Object.entries(deep)) {
  t.test(
    `decoder, rejected: emit: ${name} is emitted raw with its byte, and those after it are decoded`,
    async t => {
      const body = Buffer.from(`[{"a":1},${text},${nested(10)},${text}]`)
      const wide = text.length > 1_000
      const cuts = wide ? [1, 5_000, body.length / 2] : Array.from(body.keys())
      for (const chunks of [...cuts.map(at => cutAt(body, at)), ...(wide ? [] : [byteByByte(body)])]) {
        const { elements, error, counts } = decodeAll('express', chunks, {
          rejected: 'emit',
          maxLeadBytes: 2 ** 24,
          maxDepth: 10,
        })
        if (error !== undefined) throw error
        const rejectedAt = (element: number, byte: number) =>
          new Rejected('too deep', 'it is nested deeper than maxDepth (10)', text, { page: 1, element, byte })
        const second = 9 + text.length + 1 + nested(10).length + 1
        deepStrictEqual(elements, [{ a: 1 }, rejectedAt(1, 9), JSON.parse(nested(10)), rejectedAt(3, second)])
        deepStrictEqual([counts.decoded, counts.malformed, counts.scanned, counts.tokenised], [2, 2, 4, 4])
      }
      t.pass('at every cut')
    },
  )
}

t.test('decoder, rejected: emit: an element that is too large and too deep is too large', async t => {
  const { elements } = decodeAll('express', [Buffer.from(`[${nested(20)}]`)], { ...options, maxDepth: 10 })
  t.match(elements, [{ problem: 'too large', raw: nested(20).slice(0, 16) }])
})

const piece = fc.constantFrom(
  '"',
  '\\',
  '\\"',
  '\\\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  'é',
  '😀',
  'x',
  '\n',
  '\u0000',
)
const awkward = fc.array(piece, { maxLength: 30 }).map(pieces => pieces.join(''))
const element = fc.oneof(
  awkward,
  fc.array(awkward, { maxLength: 4 }),
  fc.dictionary(awkward, fc.oneof(awkward, fc.array(awkward, { maxLength: 3 }))),
  fc.integer(),
  fc.constantFrom(null, true, 1e300),
)

t.test(
  'decoder, rejected: emit: elements that are too large are skipped whole, and no other is changed',
  async () => {
    fc.assert(
      fc.property(
        fc.array(element, { maxLength: 6 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.constantFrom(',', ' , '),
        (values, shares, separator) => {
          const texts = values.map(value => JSON.stringify(value))
          const body = Buffer.from(`[${texts.join(separator)}]`)
          const wanted = expected(texts, separator, 1)
          expectElements(cutAt(body, ...shares.map(share => Math.round(share * body.length))), wanted)
          expectElements(byteByByte(body), wanted)
        },
      ),
      { numRuns: 500 },
    )
  },
)

t.test(
  'decoder, rejected: emit: errors around an element are the same whether it is too large or short',
  async t => {
    for (const around of [
      '[%,1]',
      '{"results":[%,{"a":1}],"total":2}',
      '[1 %]',
      '[%,]',
      '[%',
      '[%,{"a"',
      '[%]]',
    ]) {
      const path = around.startsWith('{') ? ['results'] : []
      const decode = (text: string) => {
        const body = Buffer.from(around.replace('%', text))
        return decodeAll('express', byteByByte(body), { ...options, path })
      }
      const long = decode(JSON.stringify({ text: '\\"'.repeat(50) }))
      const short = decode('{}')
      t.equal(long.error?.context.problem, short.error?.context.problem, around)
      t.strictSame(
        long.elements.filter(element => !(element instanceof Rejected)),
        short.elements.filter(element => JSON.stringify(element) !== '{}'),
      )
      t.equal(long.elements.length, short.elements.length)
      t.equal(long.counts.scanned, short.counts.scanned)
      t.equal(long.counts.tokenised, short.counts.tokenised)
    }
  },
)

t.test(
  'decoder, rejected: emit: of an element that is too large, only its beginning and one chunk are held',
  async t => {
    const decoder = expressDecoder({
      page: 1,
      path: [],
      maxLeadBytes: 1_000,
      maxDepth: 10,
      rejected: 'emit',
    })
    const chunk = Buffer.alloc(65_536, 'x')
    const take = (bytes: Buffer) => [...decoder.write(bytes)].map(({ value }) => value)
    t.strictSame(take(Buffer.from('[1,{"a":"')), [1])
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 3_000; i += 1) {
      if (take(chunk).length > 0) t.fail('the element has not ended, but something was emitted')
    }
    const heldBytes = process.memoryUsage().arrayBuffers - before
    t.ok(heldBytes < 20_000_000, `${heldBytes} bytes of 196,608,000`)
    const [rejected, last] = take(Buffer.from('"},2]')) as [Rejected, number]
    decoder.end()
    t.equal(rejected.raw, `{"a":"${'x'.repeat(994)}`)
    t.equal(last, 2)
  },
)

t.test('decoder, rejected: emit: unbalanced brackets and a cut end the body, as without it', async t => {
  for (const [text, problem] of [
    ['[1,{"a":1]]', 'malformed'],
    ['[1,[}]', 'malformed'],
    ['[1 2]', 'malformed'],
    [`[1,${'['.repeat(11)}`, 'cut'],
    [`[1,{"a":${'['.repeat(11)}${']'.repeat(11)}]]`, 'malformed'],
    ['[1,{"a":"b', 'cut'],
    ['[1,"0123456789abcdefghi', 'cut'],
    ['[1,"0123456789abcdefghi\\', 'cut'],
  ] as const) {
    for (const chunks of [[Buffer.from(text)], byteByByte(Buffer.from(text))]) {
      const { error, elements, counts } = decodeAll('express', chunks, { ...options, maxDepth: 10 })
      t.match(error, { code: 'DECODE', retryable: problem === 'cut', context: { problem } }, text)
      t.equal(elements[0], 1)
      t.equal(counts.decoded, elements.length)
    }
  }
})

t.test('decoder, express lane: each element has its raw text and the byte at which it begins', async t => {
  const body = '\ufeff [ {"a" : "é"} ,null , "x",tru]'
  const decoder = expressDecoder({ page: 1, path: [], maxDepth: 10, ...options })
  const found: [raw: string | undefined, byte: number][] = []
  for (const byte of byteByByte(Buffer.from(body))) {
    for (const { raw, location } of decoder.write(byte)) found.push([raw, location.byte])
  }
  decoder.end()
  const texts = ['{"a" : "é"}', 'null', '"x"', 'tru']
  t.strictSame(
    found,
    texts.map(text => [text, Buffer.from(body).indexOf(text)]),
  )
})

t.test(
  'decoder: both lanes decode elements that are not objects: whether they are leads is not checked here',
  async t => {
    for (const lane of laneNames) {
      const { elements, error } = decodeAll(lane, [Buffer.from('[null,7,"a",[],true]')], options)
      t.equal(error, undefined)
      t.strictSame(elements, [null, 7, 'a', [], true])
    }
  },
)

t.test(
  "decoder, stream-json lane: a malformed element ends the body, even with rejected: 'emit'",
  async t => {
    for (const text of ['tru', '{"a":1,}', '"\\q"']) {
      const { error } = decodeAll('stream-json', [Buffer.from(`[1,${text},2]`)], options)
      t.match(error, { code: 'DECODE', retryable: false, context: { problem: 'malformed' } })
    }
  },
)
