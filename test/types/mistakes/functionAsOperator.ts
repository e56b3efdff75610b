import { type HubSpotClient, type Lead, leads, map, run, toFile, validate } from 'leadpipe'

declare const client: HubSpotClient
const emailOf = (lead: Lead) => lead.email ?? ''

void run(leads(client), map(emailOf), toFile('emails.ndjson'))

// error: a function is not an operator: wrap it in map(), filter(), peek() or operator()
void run(leads(client), emailOf, toFile('emails.ndjson'))

// error: a function is not an operator: wrap it in map(), filter(), peek() or operator()
void run(leads(client), validate(), emailOf, toFile('emails.ndjson'), { reconcile: true })

// error: a function is not an operator: wrap it in map(), filter(), peek() or operator()
void run(leads(client), lead => lead.email, toFile('emails.ndjson'))

// error: a function is not an operator: wrap it in map(), filter(), peek() or operator()
void run(leads(client), validate(), lead => lead.email, toFile('emails.ndjson'))
