import * as v from 'valibot'
import { z } from 'zod'
import {
  batch,
  coerce,
  explodeEvents,
  flatMap,
  flatten,
  formSubmissions,
  type HubSpotClient,
  type Lead,
  leads,
  mask,
  omit,
  peek,
  pivotFormValues,
  rename,
  run,
  sample,
  skip,
  summarize,
  toArray,
  type UnknownField,
  unknownFields,
  validate,
} from '../../lib/index.ts'
import { isExactly } from '../support/isExactly.ts'

/** For the compiler only: `npm run check` compiles this file, and nothing runs it. */
declare function compiled(code: () => unknown): void
declare const client: HubSpotClient
const sink = () => toArray({ max: 1 })

// Types flow through operators that keep, collect and replace values.
compiled(() =>
  run(
    leads(client),
    skip(1),
    sample({ every: 2 }),
    flatMap(lead => isExactly<Lead>()(lead).leadConversionEvents ?? []),
    peek(event => isExactly<string | undefined>()(event.formName)),
    flatMap(async event => [event.convertDate ?? 0]),
    batch({ count: 3 }),
    peek(times => isExactly<number[]>()(times)),
    sink(),
  ),
)

// What is left out is gone, and the rest keeps its type.
compiled(() =>
  run(
    leads(client),
    omit('email', 'crmDetails.status', 'leadConversionEvents.*.formSubmissionValues'),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<string | undefined>()(record.crmDetails?.nextAction)
      isExactly<string | undefined>()(record.leadConversionEvents?.[0]?.formName)
      // @ts-expect-error: the email is left out.
      record.email
      // @ts-expect-error: the status is left out.
      record.crmDetails?.status
      // @ts-expect-error: the form values are left out.
      record.leadConversionEvents?.[0]?.formSubmissionValues
    }),
    sink(),
  ),
)
compiled(() => {
  const given = [
    // @ts-expect-error: a lead has no emial.
    run(leads(client), omit('emial'), sink()),
    // @ts-expect-error: a lead has no emial, under a new name.
    run(leads(client), rename({ mail: 'emial' }), sink()),
  ]
  return given
})

compiled(() =>
  run(
    leads(client),
    rename({ id: 'guid', mail: 'email', status: 'crmDetails.status' }),
    peek(record => {
      isExactly<string>()(record.id)
      isExactly<string | undefined>()(record.mail)
      isExactly<string | undefined>()(record.status)
      isExactly<boolean | undefined>()(record.isCustomer)
      // @ts-expect-error: the guid has another name.
      record.guid
      // @ts-expect-error: the status is not there any more.
      record.crmDetails?.status
    }),
    sink(),
  ),
)

compiled(() =>
  run(
    leads(client),
    flatten({ separator: '_', arrays: 'join' }),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<string | undefined>()(record.crmDetails_status)
      isExactly<string | undefined>()(record.leadConversionEvents)
      // @ts-expect-error: the details are columns.
      record.crmDetails
    }),
    sink(),
  ),
)
compiled(() =>
  run(
    leads(client),
    flatten(),
    peek(record => isExactly<string | undefined>()(record['crmDetails.status'])),
    sink(),
  ),
)

// Converted values have their new types, and the others keep theirs.
compiled(() =>
  run(
    leads(client),
    coerce({ insertedAt: 'date', email: 'number', 'leadConversionEvents.*.convertDate': 'iso' }),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<Date | undefined>()(record.insertedAt)
      isExactly<number | null | undefined>()(record.email)
      isExactly<string | undefined>()(record.leadConversionEvents?.[0]?.convertDate)
      isExactly<string | undefined>()(record.leadConversionEvents?.[0]?.formName)
    }),
    sink(),
  ),
)
compiled(() =>
  run(
    leads(client),
    coerce({ insertedAt: 'iso' }, { zeroTimes: 'null' }),
    peek(record => isExactly<string | null | undefined>()(record.insertedAt)),
    sink(),
  ),
)
compiled(() => {
  const given = [
    // @ts-expect-error: a lead has no insertedOn.
    run(leads(client), coerce({ insertedOn: 'iso' }), sink()),
    // @ts-expect-error: there is no type of this name.
    run(leads(client), coerce({ insertedAt: 'time' }), sink()),
  ]
  return given
})

// What is dropped is gone, at every level; what is hashed is text.
compiled(() =>
  run(
    leads(client),
    mask({ how: 'drop' }),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<string | undefined>()(record.crmDetails?.status)
      // @ts-expect-error: the email is dropped.
      record.email
      // @ts-expect-error: and so is the token of the details.
      record.analyticsDetails?.userToken
    }),
    sink(),
  ),
)
compiled(() =>
  run(
    leads(client),
    mask({ how: 'hash', key: 'sixteen letters!', fields: ['score', 'email'] }),
    peek(record => {
      isExactly<string | undefined>()(record.score)
      isExactly<string | undefined>()(record.email)
      isExactly<string | undefined>()(record.firstName)
    }),
    sink(),
  ),
)

// Columns have the names that were asked for; groups have their keys and measures.
compiled(() =>
  run(
    leads(client),
    explodeEvents(),
    pivotFormValues({ fields: ['Email', 'Company'] }),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<string | null>()(record.formValues.Email)
      isExactly<string | undefined>()(record.conversionEvent.formName)
      // @ts-expect-error: no such column was asked for.
      record.formValues.Phone
      // @ts-expect-error: the form values are columns.
      record.conversionEvent.formSubmissionValues
    }),
    sink(),
  ),
)
compiled(() =>
  run(
    formSubmissions(client),
    pivotFormValues({ repeated: 'all', as: 'columns' }),
    peek(record => {
      isExactly<string>()(record.formGuid)
      isExactly<Record<string, string[]>>()(record.columns)
      // @ts-expect-error: the values are columns.
      record.values
    }),
    sink(),
  ),
)
compiled(() =>
  run(
    leads(client),
    summarize({
      by: ['country', 'crmDetails.status'],
      sum: { score: 'rawScore' },
      max: { latest: 'insertedAt' },
    }),
    peek(group => {
      isExactly<string | null>()(group.country)
      isExactly<string | null>()(group['crmDetails.status'])
      isExactly<number>()(group.count)
      isExactly<number>()(group.score)
      isExactly<number | string | null>()(group.latest)
    }),
    sink(),
  ),
)
compiled(() =>
  run(
    leads(client),
    summarize({ by: { domain: lead => lead.email?.split('@')[1] }, count: 'people' }),
    peek(group => {
      isExactly<string | null>()(group.domain)
      isExactly<number>()(group.people)
    }),
    sink(),
  ),
)
compiled(() => {
  const given = [
    // @ts-expect-error: a lead has no contry.
    run(leads(client), summarize({ by: ['contry'] }), sink()),
    // @ts-expect-error: a lead has no scores.
    run(leads(client), summarize({ sum: { score: 'scores' } }), sink()),
  ]
  return given
})
compiled(() =>
  run(
    leads(client),
    unknownFields(),
    peek(field => isExactly<UnknownField>()(field)),
    sink(),
  ),
)

// A Standard Schema has the type of the values that it emits.
compiled(() =>
  run(
    leads(client),
    validate({ schema: z.object({ guid: z.string(), score: z.coerce.number() }), onInvalid: 'skip' }),
    peek(value => isExactly<{ guid: string; score: number }>()(value)),
    validate({ schema: v.object({ guid: v.string(), score: v.pipe(v.number(), v.transform(String)) }) }),
    peek(value => isExactly<{ guid: string; score: string }>()(value)),
    sink(),
  ),
)
