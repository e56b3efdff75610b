import { createWriteStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { Writable } from 'node:stream'
import { encode, type HubSpotClient, leads, map, run, validate } from 'leadpipe'

declare const client: HubSpotClient
declare const response: ServerResponse

void run(leads(client), encode(), process.stdout)
void run(leads(client), encode(), createWriteStream('leads.ndjson'))
void run(leads(client), encode(), response)
void run(['a', 'b'], createWriteStream('texts.txt'))
void run(
  leads(client),
  map(lead => `${lead.guid}\n`),
  process.stdout,
)
void run(leads(client), new Writable({ objectMode: true }))

// error: this Writable takes bytes, not records: put encode() before it
void run(leads(client), process.stdout)

// error: this Writable takes bytes, not records: put encode() before it
void run(leads(client), validate(), createWriteStream('leads.ndjson'))

// error: this Writable takes bytes, not records: put encode() before it
void run(leads(client), response, { reconcile: true })

// error: this Writable takes bytes, not records: put encode() before it
void run([1, 2, 3], process.stderr)
