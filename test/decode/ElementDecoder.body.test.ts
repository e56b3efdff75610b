import { Readable } from 'node:stream'
import t from 'tap'
import { decodeBody } from '../../lib/decode/ElementDecoder.ts'
import { lanes } from '../support/decodeAll.ts'
import { failureOf } from '../support/failureOf.ts'

const place = { page: 4, origin: 'http://portal' }
const decoder = () => lanes.express({ page: 4, path: [], maxLeadBytes: 100, maxDepth: 10 })

/** A body of these chunks that ends after them, or fails with `failure`. */
function bodyOf(chunks: string[], failure?: Error): Readable {
  return Readable.from(
    (function* () {
      for (const chunk of chunks) yield Buffer.from(chunk)
      if (failure !== undefined) throw failure
    })(),
    { objectMode: false },
  )
}

async function elementsOf(body: Readable, into: unknown[] = []): Promise<unknown[]> {
  for await (const elements of decodeBody(body, decoder(), place)) {
    for (const { value } of elements) into.push(value)
  }
  return into
}

t.test('decodeBody yields the elements of each chunk, and an element only when it is complete', async t => {
  const parts: unknown[][] = []
  for await (const elements of decodeBody(bodyOf(['[1,{"a"', ':2}', ',3]']), decoder(), place)) {
    parts.push(Array.from(elements, ({ value }) => value))
  }
  t.strictSame(parts, [[1], [{ a: 2 }], [3]])
})

t.test(
  'decodeBody: a body that breaks yields its complete elements, then fails with page, byte and cause',
  async t => {
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    const elements: unknown[] = []
    const error = await failureOf(elementsOf(bodyOf(['[1,2,', '3'], cause), elements))
    t.match(error, {
      code: 'NETWORK',
      retryable: true,
      message: 'page 4, byte 6: http://portal: read ECONNRESET',
      context: { page: 4, offset: 6, code: 'ECONNRESET', origin: 'http://portal' },
    })
    t.equal((error as Error).cause, cause)
    t.strictSame(elements, [1, 2])
  },
)

t.test('decodeBody passes the errors of the decoder through unchanged', async t => {
  t.match(await failureOf(elementsOf(bodyOf(['[1,', '2']))), { message: /^page 4, byte 4: the body ends/ })
  t.match(await failureOf(elementsOf(bodyOf(['[1 2]']))), {
    message: /^page 4, byte \d: the body is not valid/,
  })
})

t.test('decodeBody destroys the body if the loop is left early', async t => {
  const body = bodyOf(['[1,2,', '3]'])
  for await (const _ of decodeBody(body, decoder(), place)) break
  t.ok(body.destroyed)
})
