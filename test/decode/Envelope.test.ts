import { deepStrictEqual } from 'node:assert/strict'
import t from 'tap'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, laneNames } from '../support/decodeAll.ts'

/** Bodies with the wanted array somewhere in them. */
const found: [title: string, path: string[], body: string, elements: unknown[]][] = [
  ['alone', ['results'], '{"results":[1,{"a":2}]}', [1, { a: 2 }]],
  ['first', ['results'], '{"results":[1],"paging":{"next":[2]}}', [1]],
  ['last', ['results'], '{"paging":{"next":[2]},"results":[1]}', [1]],
  ['empty', ['results'], '{"results":[ ]}', []],
  ['same key deeper, before', ['results'], '{"paging":{"results":[9]},"results":[1]}', [1]],
  ['same key deeper, after', ['results'], '{"results":[1],"paging":{"results":[9]}}', [1]],
  ['same key in an array', ['results'], '{"a":[{"results":[9]},[9]],"results":[1]}', [1]],
  [
    'same key in an element',
    ['results'],
    '{"results":[{"results":[9]},[{"results":[8]}]]}',
    [{ results: [9] }, [{ results: [8] }]],
  ],
  ['key as a value', ['results'], '{"a":"results","b":["results",[9]],"results":[1]}', [1]],
  ['brackets in keys and strings', ['results'], '{"[":"]","\\"[":"\\\\","results":["]",1]}', [']', 1]],
  ['key with an escape', ['résults'], '{"r\\u00e9sults":[1]}', [1]],
  ['key with a multi-byte character', ['é😀'], '{"é":[9],"é😀":[1]}', [1]],
  ['empty key', [''], '{"a":[9],"":[1]}', [1]],
  ['__proto__ as a key', ['__proto__'], '{"__proto__":[1]}', [1]],
  ['nested', ['a', 'b'], '{"b":[9],"a":{"a":{"b":[9]},"c":[9],"b":[1]},"c":{"b":[9]}}', [1]],
  ['nested under the same key', ['a', 'a'], '{"b":{"a":{"a":[9]}},"a":{"b":{"a":[9]},"a":[1]}}', [1]],
  ['repeated parent, first as something else', ['a', 'b'], '{"a":[{"b":[9]}],"a":7,"a":{"b":[1]}}', [1]],
  ['spaces', ['a', 'b'], ' {\n"a" : {\t"b" : [ 1 , 2 ] } }\r\n', [1, 2]],
]

const notFound: [title: string, path: string[], body: string, message: string][] = [
  ['missing', ['results'], '{"paging":[1]}', 'expected a JSON array at "results", found none'],
  ['an empty object', ['results'], '{}', 'expected a JSON array at "results", found none'],
  ['only deeper', ['results'], '{"a":{"results":[1]}}', 'expected a JSON array at "results", found none'],
  ['only in an array', ['results'], '[{"results":[1]}]', 'expected a JSON array at "results", found none'],
  ['parent missing', ['a', 'b'], '{"b":[1]}', 'expected a JSON array at "a.b", found none'],
  ['parent is an array', ['a', 'b'], '{"a":[{"b":[1]}]}', 'expected a JSON array at "a.b", found none'],
  ['parent is a string', ['a', 'b'], '{"a":"b"}', 'expected a JSON array at "a.b", found none'],
  ['an object', ['results'], '{"results":{"0":[1]}}', 'expected a JSON array at "results", found an object'],
  ['a string', ['results'], '{"results":"[1]"}', 'expected a JSON array at "results", found a string'],
  ['null', ['results'], '{"results":null}', 'expected a JSON array at "results", found null'],
  ['a number', ['results'], '{"results":12 }', 'expected a JSON array at "results", found a number'],
  ['twice', ['results'], '{"results":[1],"results":[2]}', 'found a JSON array at "results" twice'],
  [
    'twice, then null',
    ['results'],
    '{"results":[1],"results":null}',
    'expected a JSON array at "results", found null',
  ],
  ['a bare string', ['results'], '"results"', 'expected a JSON array at "results", found none'],
]

/** A body with an empty array in place of the one at the end of a path. */
function emptied(body: Record<string, unknown>, [key = '', ...rest]: string[]): unknown {
  const inner = rest.length === 0 ? [] : emptied(body[key] as Record<string, unknown>, rest)
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, name === key ? inner : value]))
}

for (const lane of laneNames) {
  t.test(`decoder, ${lane}: at most 1 MiB of keys and values may surround the array`, async t => {
    const body = (length: number) => [Buffer.from(`{"a":"${'x'.repeat(length)}","results":[1]}`)]
    const most = 1_048_576 - 'a'.length - 'results'.length
    t.equal(decodeAll(lane, body(most), { path: ['results'] }).error, undefined)
    t.match(decodeAll(lane, body(most + 1), { path: ['results'] }).error, {
      code: 'DECODE',
      message: /there are more than 1048576 characters around a JSON array at "results"/,
    })
  })

  t.test(`decoder, ${lane}: a body that is the array itself has no envelope`, async t => {
    t.equal(decodeAll(lane, [Buffer.from('[1,{"results":[2]}]')]).envelope, undefined)
  })

  t.test(`decoder, ${lane}: the array at the end of the path is the one that is read`, async t => {
    for (const [title, path, text, expected] of found) {
      const body = Buffer.from(text)
      const chunkings = [[body], byteByByte(body), ...Array.from(body, (_, at) => cutAt(body, at))]
      const { length } = expected
      t.doesNotThrow(() => {
        for (const chunks of chunkings) {
          const { elements, error, counts, envelope } = decodeAll(lane, chunks, { path })
          if (error !== undefined) throw error
          deepStrictEqual(elements, expected)
          deepStrictEqual(envelope, emptied(JSON.parse(text), path))
          deepStrictEqual([counts.scanned, counts.tokenised, counts.decoded], [length, length, length])
        }
      }, title)
    }
  })

  t.test(
    `decoder, ${lane}: a body without the wanted array fails with what it has there instead`,
    async t => {
      for (const [title, path, text, message] of notFound) {
        const body = Buffer.from(text)
        for (const chunks of [[body], byteByByte(body)]) {
          const { error } = decodeAll(lane, chunks, { path, page: 2 })
          t.match(error?.message, new RegExp(`^page 2, byte \\d+: ${message}$`), title)
          t.match(error, { code: 'DECODE', retryable: false, context: { problem: 'malformed' } })
        }
      }
    },
  )

  t.test(
    `decoder, ${lane}: malformed JSON around the array is a DECODE error, even if the array is complete`,
    async t => {
      for (const text of [
        '{"results":[1]',
        '{"results":[1]]',
        '{"results":[1],}',
        '{"results":[1]}}',
        '{"results":[1]} {}',
        '{"results":[1}',
        '{"a":tru,"results":[1]}',
        '{"a":[1,],"results":[1]}',
        '{"results":[1],"a":"\n"}',
        '{"results":[1] "a":2}',
        '{results:[1]}',
      ]) {
        for (const chunks of [[Buffer.from(text)], byteByByte(Buffer.from(text))]) {
          t.match(decodeAll(lane, chunks, { path: ['results'] }).error, { code: 'DECODE' }, text)
        }
      }
    },
  )
}
