import {
  type CrmRecord,
  type CrmValue,
  contacts,
  crmObjects,
  filter,
  type HubSpotClient,
  map,
  run,
  toArray,
} from '../../lib/index.ts'
import { isExactly } from '../support/isExactly.ts'

/** For the compiler only: `npm run check` compiles this file, and nothing runs it. */
declare function compiled(code: () => unknown): void
declare const client: HubSpotClient

// The properties of a record are those that were asked for.
compiled(async () => {
  for await (const record of contacts(client, { properties: ['email', 'firstname'] })) {
    isExactly<CrmRecord<'email' | 'firstname', string | null>>()(record)
    // @ts-expect-error: it was not asked for
    record.properties.lastname
  }
})

// Without names, they may have any.
compiled(async () => {
  for await (const record of crmObjects(client, 'deals')) {
    isExactly<CrmRecord<string, string | null>>()(record)
  }
  for await (const record of crmObjects(client, 'deals', { properties: 'all' })) {
    isExactly<CrmRecord<string, string | null>>()(record)
  }
})

// Converted values have other types.
compiled(async () => {
  for await (const record of crmObjects(client, 'deals', { properties: ['amount'], types: true })) {
    isExactly<CrmRecord<'amount', CrmValue>>()(record)
  }
})

// They go from stage to stage.
compiled(() =>
  run(
    contacts(client, { properties: ['email'] }),
    filter(({ properties }) => properties.email !== null),
    map(({ id, properties: { email } }) => ({ id, email })),
    toArray<{ id: string; email: string | null }>({ max: 10 }),
  ),
)

// @ts-expect-error: a misspelt option does not compile
compiled(() => contacts(client, { propertys: ['email'] }))
