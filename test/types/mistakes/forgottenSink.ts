import { filter, type HubSpotClient, leads, run, toFile, validate } from 'leadpipe'

declare const client: HubSpotClient

void run(leads(client), validate(), toFile('leads.ndjson'))

// error: a run needs a sink as its last stage, such as toFile(path)
void run(leads(client), validate())

// error: a run needs a sink as its last stage, such as toFile(path)
void run(leads(client))

// error: a run needs a sink as its last stage, such as toFile(path)
void run(leads(client), validate(), { checkpoint: 'leads.checkpoint.json' })

// error: a run needs a sink as its last stage, such as toFile(path)
void run(leads(client), { checkpoint: 'leads.checkpoint.json' })

// error: a run needs a sink as its last stage, such as toFile(path)
void run(
  leads(client),
  validate(),
  filter(lead => lead.isCustomer),
)
