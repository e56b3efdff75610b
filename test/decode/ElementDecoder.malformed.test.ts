import t from 'tap'
import { byteByByte } from '../support/cutAt.ts'
import { decodeAll, laneNames } from '../support/decodeAll.ts'

const html = '<!DOCTYPE html><html><head><title>502 [x]</title></head><body>Bad Gateway</body></html>'

const notJson = [
  html,
  'Service [unavailable]',
  '[{"a":1}]x',
  '[{"a":1}] []',
  '[{"a":1}]]',
  '[{"a":1}],',
  '[]{}',
  '[]"',
  '[1 2]',
  '[1"a"]',
  '["a""b"]',
  '["a"1]',
  '[{"a":1}{"a":2}]',
  '[{"a":1} {"a":2}]',
  '[[][]]',
  '[{"a":1},,{"a":2}]',
  '[,{"a":1}]',
  '[{"a":1},]',
  '[,]',
  '[{"a":1]',
  '[{"a":[1}]',
  '[{"a":1}}',
  '[}]',
  '[{]}]',
  '{]',
  '[1}',
  '[:]',
  '[1:2]',
  '[tru]',
  '[truefalse]',
  '[True]',
  '[tRue,true]',
  '[nulll]',
  '[NaN]',
  '[undefined]',
  '[01]',
  '[1.]',
  '[.5]',
  '[+1]',
  '[-]',
  '[1e]',
  '[0x10]',
  "['a']",
  '[{a:1}]',
  '[{"a" 1}]',
  '[{"a":}]',
  '[{"a":1,}]',
  '[{,}]',
  '[{"a":1 "b":2}]',
  '[{1:2}]',
  '["\\x"]',
  '["\\u12g4"]',
  '["\n"]',
  '["\u0000"]',
  '[{"a\u001f":1}]',
  '[1,\ufeff2]',
  '[1\u00a0]',
  '[1]\u00a0',
  '[1]\u0000',
  '\ufeff\ufeff[1]',
  '// leads\n[1]',
  '[1/* one */]',
  ')]}\'\n[{"a":1}]',
  ']',
  '}',
  '"[1]',
]

t.test('decoder: a body that is not JSON is a DECODE error, in one chunk and byte by byte', async t => {
  for (const lane of laneNames) {
    for (const text of notJson) {
      const body = Buffer.from(text)
      for (const chunks of [[body], byteByByte(body)]) {
        const { error } = decodeAll(lane, chunks, { page: 3 })
        const title = `${lane}: ${JSON.stringify(text)}`
        t.match(error, { code: 'DECODE', context: { page: 3, offset: Number } }, title)
        t.match(error?.message, /^page 3, byte \d+: /, title)
        t.ok((error?.context.offset as number) <= body.length, title)
      }
    }
  }
})

t.test('decoder, malformed JSON: an error that no further byte could repair is not retryable', async t => {
  const closed = notJson.filter(text => text !== '"[1]' && text !== '{]' && text !== '[{"a":1}{"a":2}]')
  for (const lane of laneNames) {
    for (const text of closed) {
      const { error } = decodeAll(lane, [Buffer.from(text)])
      const title = `${lane}: ${JSON.stringify(text)}: ${error?.message}`
      t.match(error, { retryable: false, context: { problem: 'malformed' } }, title)
    }
  }
})

t.test('decoder, malformed JSON: JSON that is not an array fails with what it is instead', async t => {
  const bodies: [text: string, kind: string][] = [
    ['{"status":"error","message":"no [leads]"}', 'an object'],
    ['"leads"', 'a string'],
    ['12', 'a number'],
    ['null', 'null'],
    ['true', 'true'],
    ['false', 'false'],
  ]
  for (const lane of laneNames) {
    for (const [text, kind] of bodies) {
      for (const chunks of [[Buffer.from(text)], byteByByte(Buffer.from(text))]) {
        const { error } = decodeAll(lane, chunks)
        t.match(error?.message, `expected a JSON array, found ${kind}`, `${lane}: ${text}`)
        t.match(error, { code: 'DECODE', retryable: false, context: { page: 1, problem: 'malformed' } })
      }
    }
  }
})

t.test('decoder: a body without content fails as empty, and is retryable', async t => {
  for (const lane of laneNames) {
    for (const text of ['', '\ufeff', ' \r\n\t', '\ufeff  ']) {
      const { error } = decodeAll(lane, byteByByte(Buffer.from(text)))
      const offset = Buffer.byteLength(text)
      t.equal(error?.message, `page 1, byte ${offset}: the body is empty`, `${lane}: ${JSON.stringify(text)}`)
      t.match(error, { retryable: true, context: { problem: 'cut' } })
    }
  }
})

t.test('decoder, malformed JSON: the express lane names the byte at which the element begins', async t => {
  const { error, counts, elements } = decodeAll(
    'express',
    byteByByte(Buffer.from('[{"a":1}, {"b":tru}, {"c":3}]')),
  )
  t.equal(error?.message, 'page 1, byte 10: the element that begins here is not valid JSON')
  t.match(error?.cause, SyntaxError)
  t.strictSame(elements, [{ a: 1 }])
  t.match(counts, { scanned: 2, decoded: 1, malformed: 1 })
})

t.test(
  'decoder, malformed JSON: the express lane names the byte of a bracket that closes nothing',
  async t => {
    const { error } = decodeAll('express', [Buffer.from('[{"a":[1}]')])
    t.equal(error?.message, 'page 1, byte 8: "}" closes a bracket that is not open')
  },
)
