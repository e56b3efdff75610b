import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { type Pager, sequentialPlan } from '../../lib/paging/Pager.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { clientPages } from '../../lib/sources/clientPages.ts'
import { OrderedReader } from '../../lib/sources/OrderedReader.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { instantClock } from '../support/instantClock.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

type Contact = { id: string }
type Request = { max: number; after: string }

/** Follows `paging.next.after`. A broken page is requested again, and the elements that had arrived are skipped. */
class CursorPager implements Pager<Contact, Request, string> {
  #request: Request | undefined = { max: 3, after: '' }
  #delivered = 0
  #received = 0
  readonly next = () => this.#request
  readonly take: Pager<Contact, Request, string>['take'] = (element, emit) => {
    this.#received += 1
    if (this.#received > this.#delivered) emit(element, '')
    return undefined
  }
  finish(_received: number, _emit: unknown, envelope: unknown): void {
    const { paging } = envelope as { paging?: { next: { after: string } } }
    this.#request = paging && { max: 3, after: paging.next.after }
    this.#received = this.#delivered = 0
  }
  interrupt(received: number): boolean {
    this.#received = 0
    this.#delivered = Math.max(this.#delivered, received)
    return received > 0
  }
}

/** All contacts of a list that is paged by a cursor. */
async function* contacts(client: HubSpotClient): AsyncGenerator<Contact> {
  const target = ({ max, after }: Request) => ({
    path: '/contacts',
    query: `limit=${max}${after === '' ? '' : `&after=${after}`}`,
  })
  const recordOf = ({ value }: { value: unknown }) => value as Contact
  const source = clientPages({ client, target, elements: ['results'], recordOf })
  const reader = new OrderedReader({ plan: sequentialPlan(new CursorPager(), ''), source })
  try {
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next())
      for (const { value } of batch.items) yield value as Contact
  } finally {
    await reader.close()
  }
}

const ids = Array.from({ length: 8 }, (_, n) => ({ id: `c${n}` }))

/** The page of a request, as `{ results, paging: { next: { after } } }`. */
function pageOf(target = '/'): string {
  const { searchParams } = new URL(target, 'http://localhost')
  const from = Number(searchParams.get('after') ?? 0)
  const to = from + Number(searchParams.get('limit'))
  const paging = to < ids.length ? { paging: { next: { after: String(to), link: '?' } } } : {}
  return JSON.stringify({ ...paging, results: ids.slice(from, to) })
}

t.test('a cursor-paged list is read to its end', async t => {
  const { origin, targets } = await listen(t, ({ url }, response) => response.end(pageOf(url)))
  const sink = toArray<Contact>({ max: 100 })
  await run(contacts(openClient(t, origin)), sink)
  t.strictSame(sink.records, ids)
  t.strictSame(
    targets.map(target => new URL(target, origin).searchParams.get('after')),
    [null, '3', '6'],
  )
})

t.test('a cursor-paged list: a page that breaks off anywhere is continued', async t => {
  const whole = pageOf('/?limit=3')
  for (let cut = 1; cut < whole.length; cut += 1) {
    let isFirst = true
    const { origin } = await listen(t, ({ url }, response: ServerResponse) => {
      if (!isFirst) return response.end(pageOf(url))
      isFirst = false
      response.writeHead(200, { 'Content-Length': whole.length })
      return response.write(whole.slice(0, cut), () => response.destroy())
    })
    const sink = toArray<Contact>({ max: 100 })
    await run(contacts(openClient(t, origin, {}, instantClock)), sink)
    t.strictSame(sink.records, ids, `cut after ${cut} bytes`)
  }
})

t.test('a cursor-paged list: leaving the loop early leaves no connection', async t => {
  const { origin, connections } = await listen(t, ({ url }, response) => response.end(pageOf(url)))
  const client = openClient(t, origin)
  for await (const { id } of contacts(client)) if (id === 'c4') break
  await client.close()
  t.equal(await eventually(connections, 0), 0)
})

t.test('a cursor-paged list: a body without the array of results is DECODE', async t => {
  const { origin } = await listen(t, (_, response) => response.end('{"total":0}'))
  t.match(await failureOf(run(contacts(openClient(t, origin)), toArray({ max: 1 }))), {
    code: 'DECODE',
    message: /expected a JSON array at "results", found none/,
  })
})
