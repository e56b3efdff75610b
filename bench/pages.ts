// A server that only sends. LEADS leads are made before it listens, so that no case waits for that. It supports the sort
// by time and by guid, startTime, stopTime and offset. Each answer takes DELAY milliseconds.
// Prints its origin, then serves until its standard input ends.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { generateLeads } from 'leadpipe/portal'

interface Row {
  time: number
  guid: string
  text: Buffer
}

const delay = Number(process.env.DELAY ?? 0)
const rows: Row[] = [...generateLeads({ count: Number(process.env.LEADS) })]
  .map(lead => ({
    time: lead.insertedAt ?? 0,
    guid: lead.guid ?? '',
    text: Buffer.from(JSON.stringify(lead)),
  }))
  .sort((a, b) => a.time - b.time || (a.guid < b.guid ? -1 : 1))
const [open, comma, close] = ['[', ',', ']'].map(text => Buffer.from(text)) as [Buffer, Buffer, Buffer]

/** The index of the first row with a later time. */
function after(time: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((rows[middle] as Row).time > time) high = middle
    else low = middle + 1
  }
  return low
}

function list(query: URLSearchParams): Row[] {
  const number = (name: string, none: number) => Number(query.get(name) ?? none)
  const first = query.has('startTime') ? after(number('startTime', 0)) : 0
  const last = after(number('stopTime', Number.POSITIVE_INFINITY))
  const [from, to] = [number('offset', 0), number('offset', 0) + number('max', 10)]
  if (query.get('sort') !== 'guid')
    return rows.slice(Math.min(first + from, last), Math.min(first + to, last))
  const sign = query.get('dir') === 'desc' ? -1 : 1
  return rows
    .slice(first, last)
    .sort((a, b) => (a.guid < b.guid ? -sign : sign))
    .slice(from, to)
}

const server = createServer(async (request, response) => {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams
  const body = Buffer.concat([
    open,
    ...list(query).flatMap(({ text }, index) => (index === 0 ? [text] : [comma, text])),
    close,
  ])
  if (delay > 0) await wait(delay)
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const bytes = rows.reduce((sum, { text }) => sum + text.length + 1, 0)
  console.log(JSON.stringify({ origin: `http://127.0.0.1:${port}`, bytes }))
})
process.stdin.resume().once('end', () => process.exit())
