import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { countReplaced, createCountReplaced } from '../../lib/decode/countReplaced.ts'
import { noChanges } from '../../lib/stage/Changes.ts'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, laneNames, lanes } from '../support/decodeAll.ts'

/** An array of one string, made of these bytes. */
const inString = (...bytes: number[]) =>
  Buffer.concat([Buffer.from('["'), Buffer.from(bytes), Buffer.from('"]')])

t.test('decoder, UTF-8: a byte-order mark at the beginning is skipped, wherever it is cut', async t => {
  const body = Buffer.from('\ufeff[{"\ufeffa":"\ufeff"}]')
  for (const lane of laneNames) {
    for (let at = 0; at <= 6; at += 1) {
      const { elements, error, changes } = decodeAll(lane, cutAt(body, at))
      t.equal(error, undefined)
      t.strictSame(elements, [{ '\ufeffa': '\ufeff' }], 'other byte-order marks are text')
      t.strictSame(changes, noChanges())
    }
  }
})

t.test(
  'decoder, UTF-8: a body that begins with two byte-order marks is not JSON, wherever it is cut',
  async t => {
    const body = Buffer.from('\ufeff\ufeff[null]')
    for (let cut = 0; cut <= body.length; cut += 1) {
      for (const lane of laneNames) {
        const { error } = decodeAll(lane, cutAt(body, cut))
        t.match(error, { code: 'DECODE', message: /not valid JSON/ }, `${lane}, cut at ${cut}`)
      }
    }
  },
)

t.test('decoder, UTF-8: invalid bytes become U+FFFD and are counted, U+FFFD in the body is not', async () => {
  const cases: [bytes: number[], text: string, replaced: number][] = [
    [[0xff], '\ufffd', 1],
    [[0x80, 0x80], '\ufffd\ufffd', 2],
    [[0xc3], '\ufffd', 1],
    [[0xc0, 0xaf], '\ufffd\ufffd', 2],
    [[0xe2, 0x82], '\ufffd', 1],
    [[0xe2, 0x82, 0x41], '\ufffdA', 1],
    [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd', 3],
    [[0xf0, 0x9f, 0x98], '\ufffd', 1],
    [[0xf4, 0x90, 0x80, 0x80], '\ufffd\ufffd\ufffd\ufffd', 4],
    [[0xef, 0xbf, 0xbd], '\ufffd', 0],
    [[0xef, 0xbf, 0xbd, 0xff, 0xef, 0xbf, 0xbd], '\ufffd\ufffd\ufffd', 1],
    [[0xe2, 0xef, 0xbf, 0xbd, 0xbd], '\ufffd\ufffd\ufffd', 2],
    [[0xef, 0xbf, 0xef, 0xbf, 0xbd], '\ufffd\ufffd', 1],
  ]
  for (const lane of laneNames) {
    for (const [bytes, text, replaced] of cases) {
      const body = inString(...bytes)
      const chunkings = [[body], byteByByte(body), ...Array.from(body, (_, at) => cutAt(body, at))]
      for (const chunks of chunkings) {
        const { elements, changes } = decodeAll(lane, chunks)
        deepStrictEqual([elements, changes.replacedCharacters], [[text], replaced], `${lane}: ${body}`)
      }
    }
  }
})

t.test('decoder, UTF-8: any bytes in a string are decoded the same by both lanes, at any cut', async () => {
  const bytes = fc.array(
    fc.oneof(
      fc.constantFrom(0xef, 0xbf, 0xbd, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xbb),
      fc.integer({ min: 0x23, max: 0x5b }),
      fc.integer({ min: 0x80, max: 0xff }),
    ),
    { maxLength: 24 },
  )
  fc.assert(
    fc.property(bytes, fc.array(fc.nat({ max: 28 }), { maxLength: 4 }), (text, offsets) => {
      const body = inString(...text)
      const express = decodeAll('express', cutAt(body, ...offsets))
      const whole = decodeAll('stream-json', [body])
      deepStrictEqual(express, whole)
      deepStrictEqual(decodeAll('stream-json', cutAt(body, ...offsets)), whole)
      deepStrictEqual(whole.elements, JSON.parse(new TextDecoder().decode(body)))
    }),
    { numRuns: 2_000 },
  )
})

t.test('decoder, UTF-8: invalid bytes are counted with their element, and around the array not', async t => {
  const body = Buffer.concat([
    Buffer.from('{"a":"'),
    Buffer.from([0xff, 0xc3]),
    Buffer.from('\ufffd","results":[1,{"a":"'),
    Buffer.from([0xc3]),
    Buffer.from('"},{"é":"'),
    Buffer.from([0xff, 0xef, 0xbf, 0xbd, 0xff]),
    Buffer.from('"},{"b":"é"}],"b":"'),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ])
  for (const lane of laneNames) {
    for (const chunks of [[body], byteByByte(body), ...Array.from(body, (_, at) => cutAt(body, at))]) {
      const decoder = lanes[lane]({ page: 1, path: ['results'], maxLeadBytes: 100, maxDepth: 10 })
      const found: unknown[] = []
      for (const chunk of chunks)
        for (const { changes } of decoder.write(chunk)) found.push(changes?.replacedCharacters)
      decoder.end()
      t.strictSame(found, [undefined, 1, 2, undefined], lane)
    }
  }
})

t.test('decoder, UTF-8: invalid bytes of an element that is not JSON are counted too', async t => {
  const body = Buffer.concat([Buffer.from('[{"a":tru,"b":"'), Buffer.from([0xff]), Buffer.from('"}]')])
  const { elements, changes } = decodeAll('express', [body], { rejected: 'emit' })
  t.match(elements, [{ problem: 'malformed', raw: '{"a":tru,"b":"\ufffd"}' }])
  t.equal(changes.replacedCharacters, 1)
})

t.test('decoder, UTF-8: a body that ends within a character after its array is malformed', async t => {
  for (const lane of laneNames) {
    for (const bytes of [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98]]) {
      const { error } = decodeAll(lane, [Buffer.concat([Buffer.from('[1]'), Buffer.from(bytes)])])
      t.match(error, { code: 'DECODE', context: { problem: 'malformed' } }, lane)
    }
  }
})

const mixed = Buffer.from([0x61, 0xff, 0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xef, 0xbf, 0xbd, 0xc3])

t.test('countReplaced counts only the U+FFFD that replace invalid bytes', async t => {
  t.equal(countReplaced(mixed.toString(), mixed), 3)
  t.equal(countReplaced('a\ufffd', Buffer.from('a\ufffd')), 0)
  t.equal(countReplaced('abc', Buffer.from('abc')), 0)
  t.equal(countReplaced('', Buffer.alloc(0)), 0)
})

t.test('createCountReplaced counts the same as countReplaced, wherever a U+FFFD is cut', async t => {
  for (const size of [1, 2, 3, 4, 5]) {
    const decoder = new TextDecoder()
    const count = createCountReplaced()
    let sum = 0
    for (let at = 0; at < mixed.length; at += size) {
      const chunk = mixed.subarray(at, at + size)
      sum += count(decoder.decode(chunk, { stream: true }), chunk)
    }
    sum += count(decoder.decode(), Buffer.alloc(0))
    t.equal(sum, 3, `chunks of ${size}`)
  }
})
