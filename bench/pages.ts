// A server that only sends: pages are built before it listens, so that no case waits for the making of leads.
// Prints its origin, then serves until its standard input ends.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateLeads } from 'leadpipe/portal'

const pageSize = 100
const pages: Buffer[] = []
let page: object[] = []
for (const lead of generateLeads({ count: Number(process.env.LEADS) })) {
  page.push(lead)
  if (page.length < pageSize) continue
  pages.push(Buffer.from(JSON.stringify(page)))
  page = []
}
if (page.length > 0) pages.push(Buffer.from(JSON.stringify(page)))

const server = createServer((request, response) => {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams
  const body = pages[Number(query.get('offset') ?? 0) / pageSize] ?? Buffer.from('[]')
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const bytes = pages.reduce((sum, { length }) => sum + length, 0)
  console.log(JSON.stringify({ origin: `http://127.0.0.1:${port}`, bytes }))
})
process.stdin.resume().once('end', () => process.exit())
