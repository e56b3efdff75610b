import {
  branch,
  filter,
  type HubSpotClient,
  type Lead,
  leads,
  project,
  run,
  type Sink,
  take,
  tee,
  toArray,
  toFile,
  toHttp,
  validate,
} from 'leadpipe'

declare const client: HubSpotClient
declare const sinks: Sink<Lead>[]
const emailOf = (lead: Lead) => lead.email ?? ''
const numbers = () => toArray<number>({ max: 10 })
const leadsInMemory = () => toArray<Lead>({ max: 10 })

void run(
  leads(client),
  validate(),
  tee(
    toFile('leads.ndjson'),
    branch(
      filter(lead => lead.isCustomer),
      take(10),
      toArray({ max: 10 }),
    ),
    branch(project(['guid']), toHttp('https://example.com/guids'), { onError: 'drop' }),
    branch(
      filter(lead => lead.isCustomer),
      tee(toFile('a.ndjson'), toFile('b.ndjson')),
    ),
  ),
  { checkpoint: 'leads.checkpoint.json' },
)

void run(leads(client), tee(...sinks))

void run(leads(client), branch(take(3), leadsInMemory()))

void tee(leadsInMemory(), toArray<{ guid: string }>({ max: 1 }))

// error: these outputs do not all take the records that tee() gets
void tee(leadsInMemory(), numbers())

// error: Type 'Lead' is not assignable to type 'number'
void run(leads(client), tee(toFile('leads.ndjson'), numbers()))

// error: is not assignable to type 'number'
void run(leads(client), tee(toFile('leads.ndjson'), branch(take(3), numbers())))

// error: an operator is not an output of tee(): write branch(...operators, sink)
void run(leads(client), tee(toFile('leads.ndjson'), take(3)))

// error: an output of tee() is a sink, such as toFile(path), or branch(...operators, sink)
void run(leads(client), tee(toFile('leads.ndjson'), emailOf))

// error: this Writable takes bytes, not records: put encode() before it
void run(leads(client), tee(toFile('leads.ndjson'), process.stdout))

// error: a branch needs a sink as its last stage, such as toFile(path)
void branch(take(3))

// error: a branch needs a sink as its last stage, such as toFile(path)
void branch(take(3), { onError: 'drop' })

// error: Expected 1 arguments, but got 0
void branch()

// error: a function is not an operator: wrap it in map(), filter(), peek() or operator()
void branch(emailOf, toFile('leads.ndjson'))

// error: is not assignable to type 'number'
void branch(project(['guid']), numbers())
