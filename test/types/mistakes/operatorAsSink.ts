import { encode, type HubSpotClient, leads, project, run, toArray, validate } from 'leadpipe'

declare const client: HubSpotClient

void run(leads(client), project(['guid']), toArray({ max: 10 }))

// error: a run needs a sink as its last stage, such as toFile(path)
void run(leads(client), validate(), project(['guid']))

// error: a run needs a sink as its last stage, such as toFile(path)
void run(leads(client), encode('json'), { checkpoint: 'leads.checkpoint.json' })

// error: a run needs a sink as its last stage, such as toFile(path)
void run([1, 2, 3], encode())
