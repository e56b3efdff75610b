// A source of your own: an API whose pages are linked by a cursor. After an interruption it resumes from a cursor.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peek, run, source, toFile } from 'leadpipe'

interface Contact {
  id: string
  email: string
}

interface Page {
  results: Contact[]
  paging?: { next: { after: string } }
}

/** All contacts of an API. The position is the cursor of the next page; null after the last one. */
export const contactsOf = (origin: string) =>
  source<Contact, string | null>(
    'contacts',
    async function* ({ from = '0', signal }) {
      for (let after = from; after !== null; ) {
        const response = await fetch(`${origin}/contacts?after=${after}`, { signal })
        if (!response.ok) throw new Error(`the API answered ${response.status}`)
        const { results, paging } = (await response.json()) as Page
        after = paging?.next.after ?? null
        yield { records: results, position: after }
      }
    },
    // A checkpoint of one API does not fit another one.
    { options: { origin } },
  )

/** Serves contacts in pages of 20, on a free port. */
export async function serveContacts(count: number) {
  const contacts = Array.from({ length: count }, (_, n) => ({ id: `c${n}`, email: `${n}@example.com` }))
  const requests: string[] = []
  const server = createServer(({ url = '' }, response) => {
    requests.push(url)
    const after = Number(new URL(url, 'http://localhost').searchParams.get('after'))
    const page: Page = { results: contacts.slice(after, after + 20) }
    if (after + 20 < count) page.paging = { next: { after: String(after + 20) } }
    response.end(JSON.stringify(page))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { origin: `http://127.0.0.1:${port}`, requests, close }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin, requests, close } = await serveContacts(500)
  const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))
  const path = join(folder, 'contacts.ndjson')
  const plug = new AbortController()
  let seen = 0

  const copy = (options: { signal?: AbortSignal }) =>
    run(
      contactsOf(origin),
      peek(() => {
        seen += 1
        if (seen === 250) plug.abort('the plug was pulled')
      }),
      toFile(path),
      { checkpoint: { path: join(folder, 'checkpoint.json'), every: { leads: 100 } }, ...options },
    )

  await copy({ signal: plug.signal }).catch(reason => console.log(`${reason} after ${seen} contacts`))
  const before = requests.length
  const report = await copy({})
  console.log(
    `resumed with ${requests[before]}, done after ${report.checkpoint?.starts} starts:`,
    report.source,
  )
  close()

  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  assert.equal(lines.length, 500)
  assert.equal(new Set(lines).size, 500)
}
