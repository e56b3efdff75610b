import { filter, type HubSpotClient, type Lead, leads, map, project, run, toFile, validate } from 'leadpipe'

declare const client: HubSpotClient
const schema = { type: 'object', required: ['name'] }
interface Customer {
  name: string
}
const ofCustomer = (lead: Lead) => lead.isCustomer

void run(leads(client), validate({ schema }), toFile('customers.ndjson'))
void run(leads(client), validate({ schema: undefined }), filter(ofCustomer), toFile('customers.ndjson'))
void run(leads(client), validate<Customer>({ schema }), project(['name']), toFile('customers.ndjson'))

// error: the type of these values is unknown: write validate<YourType>({ schema })
void run(
  leads(client),
  validate({ schema }),
  map(customer => customer.name),
  toFile('names.ndjson'),
)

// error: the type of these values is unknown: write validate<YourType>({ schema })
void run(leads(client), validate({ schema: {} }), filter(ofCustomer), toFile('customers.ndjson'))

// error: the type of these values is unknown: write validate<YourType>({ schema })
void run(leads(client), validate({ schema }), project(['name']), toFile('names.ndjson'))
