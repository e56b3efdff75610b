import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import {
  explodeEvents,
  filter,
  type Lead,
  leads,
  map,
  peek,
  project,
  type Report,
  run,
  toArray,
  toFile,
  validate,
} from '../../lib/index.ts'
import { someLeads } from '../support/aLead.ts'
import { isExactly } from '../support/isExactly.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

t.test('types: the example of the design compiles, is inferred, and runs', async t => {
  const { origin } = await serveLeads(t, someLeads(5, 2))
  const path = join(t.testdir(), 'conversions.ndjson.gz')
  const report = await run(
    // The test server supports offset paging only.
    leads(openClient(t, origin), {
      timePivot: 'lastModifiedAt',
      startTime: Date.UTC(2012, 0, 1),
      paging: 'offset',
    }),
    validate({ onInvalid: 'skip' }),
    filter(lead => isExactly<Lead>()(lead).isCustomer),
    explodeEvents(),
    project({
      guid: 'guid',
      email: 'email',
      form: 'conversionEvent.formName',
      at: 'conversionEvent.convertDate',
    }),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<string | undefined>()(record.email)
      isExactly<string | undefined>()(record.form)
      isExactly<number | undefined>()(record.at)
    }),
    toFile(path),
  )
  isExactly<Report>()(report)
  t.match(report, { read: 5, records: 6, skipped: 0 })
  const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n')
  t.strictSame(JSON.parse(lines[0] as string), {
    guid: 'lead-0',
    email: '0@example.com',
    form: 'form of event-0-0',
  })
})

t.test('types: run infers more than twelve stages', async t => {
  const step = map((n: number) => n + 1)
  const values = toArray<string>({ max: 1 })
  await run(
    [0],
    map(n => isExactly<number>()(n) + 1),
    step,
    step,
    map(n => isExactly<number>()(n) + 1),
    step,
    step,
    filter(n => isExactly<number>()(n) > 0),
    step,
    map(n => [n]),
    map(([n]) => isExactly<number | undefined>()(n)),
    peek(n => isExactly<number | undefined>()(n)),
    map(n => n ?? 0),
    step,
    map(n => `${isExactly<number>()(n)}`),
    values,
    {},
  )
  t.strictSame(values.records, ['8'])
})

t.test('types: a type guard in filter narrows the stages after it', async t => {
  interface Customer extends Lead {
    isCustomer: true
    email: string
  }
  const isCustomer = (lead: Lead): lead is Customer => lead.isCustomer === true && lead.email !== undefined
  const values = toArray<string>({ max: 9 })
  const { origin } = await serveLeads(t, someLeads(3))
  await run(
    leads(openClient(t, origin), { paging: 'offset' }),
    filter(isCustomer),
    map(lead => isExactly<Customer>()(lead).email.toUpperCase()),
    values,
  )
  t.strictSame(values.records, ['0@EXAMPLE.COM', '2@EXAMPLE.COM'])
})

t.test('types: for await and a plain pipeline are typed', async t => {
  const { origin } = await serveLeads(t, someLeads(4))
  const portal = openClient(t, origin)
  const emails: (string | undefined)[] = []
  for await (const lead of leads(portal, { paging: 'offset' })) emails.push(isExactly<Lead>()(lead).email)
  t.equal(emails.length, 4)
  const path = join(t.testdir(), 'customers.ndjson')
  await pipeline(
    leads(portal, { paging: 'offset' }),
    filter((lead: Lead) => lead.isCustomer),
    toFile(path),
  )
  t.equal(readFileSync(path, 'utf8').trim().split('\n').length, 2)
  await pipeline(
    leads(portal, { paging: 'offset' }),
    validate(),
    explodeEvents(),
    project(['guid']),
    new Transform({ objectMode: true, transform: (value, _encoding, callback) => callback(null, value) }),
    toArray({ max: 9 }),
  )
})
