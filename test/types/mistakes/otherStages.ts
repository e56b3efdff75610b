import { Transform } from 'node:stream'
import { type HubSpotClient, leads, type Operator, run, toFile, transform } from 'leadpipe'

declare const client: HubSpotClient
declare const operators: Operator<unknown, unknown>[]

void run(
  leads(client),
  transform(() => new Transform()),
  toFile('leads.ndjson'),
)

// error: wrap a stream of your own in transform(() => stream)
void run(leads(client), new Transform(), toFile('leads.ndjson'))

// error: a run needs a source as its first stage: leads(), a Readable or an iterable
void run(client, toFile('leads.ndjson'))

// error: each stage is an argument of its own, the last one a sink
void run(leads(client), ...operators, toFile('leads.ndjson'))
