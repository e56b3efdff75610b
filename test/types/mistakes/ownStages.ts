import { type HubSpotClient, type Lead, leads, run, sink, source } from 'leadpipe'

declare const client: HubSpotClient
declare const contacts: Contact[]
declare const write: (row: unknown) => void

interface Contact {
  id: string
}

const toLog = sink<Contact>('toLog', () => ({ write }))

void run(
  source<Contact, number>('contacts', async function* ({ from = 0 }) {
    yield { records: contacts.slice(from), position: contacts.length }
  }),
  toLog,
)

// error: Argument of type 'OwnSink<Contact>' is not assignable to parameter of type 'RunSink<Lead>'
void run(leads(client), toLog)

// error: Type 'Lead' is not assignable to type 'Contact'
void source<Contact>('contacts', async function* () {
  yield { records: [] as Lead[], position: 0 }
})

// error: Type 'number' is not assignable to type 'string'
void source<Contact, string>('contacts', async function* () {
  yield { records: contacts, position: 1 }
})

// error: Property 'position' is missing
void source<Contact>('contacts', async function* () {
  yield { records: contacts }
})

// error: is not assignable to type 'AsyncIterable<SourceBatch<Contact, unknown>>
void source<Contact>('contacts', async () => [{ records: contacts, position: 1 }])

// error: Property 'write' is missing
void sink<Contact>('toLog', () => ({ flush: () => 1 }))

// error: Type 'string' is not assignable to type 'number | Promise<number>'
void sink<Contact, number>('toLog', () => ({ write, flush: () => 'one' }))

// error: 'following' does not exist in type 'SinkOptions'
void sink<Contact>('toLog', () => ({ write }), { following: () => 1 })
