import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Test } from 'tap'
import { type Listening, listen } from './listen.ts'

const firstTime = 1_300_000_000_000
const filling = 'The rest of a lead, whatever people write into forms. '.repeat(100).slice(0, 4_880)

/** One of the leads, about 5,000 bytes. */
function leadText(index: number): string {
  const guid = index.toString().padStart(12, '0')
  return `{"guid":"${guid}","insertedAt":${firstTime + index},"isCustomer":false,"message":"${filling}"}`
}

/**
 * A server of `count` leads, a millisecond apart, that sends all leads after `startTime` and `offset` in one body,
 * whatever `max` says. The body is generated while it is read.
 */
export function serveOneBody(t: Test, count: number): Promise<Listening> {
  return listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost')
    const startTime = Number(searchParams.get('startTime') ?? 0)
    const first = Math.max(0, startTime + 1 - firstTime) + Number(searchParams.get('offset') ?? 0)
    // A client that needs no more closes the connection.
    pipeline(Readable.from(bodyFrom(first, count), { objectMode: false }), response).catch(() => {})
  })
}

function* bodyFrom(first: number, count: number): Generator<Buffer> {
  yield Buffer.from('[')
  for (let index = first; index < count; ) {
    const texts: string[] = []
    for (; texts.length < 20 && index < count; index += 1)
      texts.push(`${index === first ? '' : ','}${leadText(index)}`)
    yield Buffer.from(texts.join(''))
  }
  yield Buffer.from(']')
}
