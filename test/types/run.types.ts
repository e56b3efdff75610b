import { Readable, Transform } from 'node:stream'
import {
  type ArrayPath,
  type ConversionEvent,
  compose,
  type Exploded,
  encode,
  explode,
  explodeEvents,
  explodeFormValues,
  type FormSubmissionValue,
  filter,
  type HubSpotClient,
  type Lead,
  type LeadWithNulls,
  leads,
  map,
  type Operator,
  operator,
  type Path,
  type Picked,
  type Projected,
  peek,
  project,
  run,
  type StepDefinition,
  type StepResult,
  take,
  toArray,
  transform,
  type Verdict,
  validate,
} from '../../lib/index.ts'
import { isExactly } from '../support/isExactly.ts'

/** For the compiler only: `npm run check` compiles this file, and nothing runs it. */
declare function compiled(code: () => unknown): void
declare const client: HubSpotClient
const sink = () => toArray({ max: 1 })

interface Conversion {
  readonly guid: string
  readonly email: string | undefined
  readonly form: string | undefined
  readonly at: number | undefined
}

// Types flow from stage to stage.
compiled(() =>
  run(
    leads(client),
    filter(lead => isExactly<Lead>()(lead).crmDetails?.status === 'Open'),
    map(lead => ({ lead: isExactly<Lead>()(lead), n: 1 })),
    filter(async ({ n }) => isExactly<number>()(n) > 0),
    map(async ({ lead }) => lead.guid),
    peek(guid => isExactly<string>()(guid)),
    take(3),
    map(guid => guid.length),
    peek(length => isExactly<number>()(length)),
    toArray<number>({ max: 1 }),
  ),
)
compiled(() =>
  run(
    leads(client),
    explodeEvents(),
    peek(record => {
      isExactly<ConversionEvent>()(record.conversionEvent)
      isExactly<string>()(record.guid)
      // @ts-expect-error: the exploded array is gone.
      record.leadConversionEvents
    }),
    explodeFormValues(),
    peek(record => {
      isExactly<FormSubmissionValue>()(record.formValue)
      isExactly<string | undefined>()(record.conversionEvent.formName)
      // @ts-expect-error: the exploded array of the event is gone.
      record.conversionEvent.formSubmissionValues
    }),
    project(['guid', 'formValue.fieldName', 'conversionEvent.convertDate']),
    peek(record => {
      isExactly<string>()(record.guid)
      isExactly<string | undefined>()(record['formValue.fieldName'])
      isExactly<number | undefined>()(record['conversionEvent.convertDate'])
    }),
    sink(),
  ),
)

/** Named, so that each wrong call fits on one line, under its directive. */
const guidOf = (lead: Lead) => lead.guid
const ofCustomer = (lead: Lead) => lead.isCustomer

// A wrong order does not compile.
compiled(() => [
  // @ts-expect-error: form values are in an event, and the events are not exploded yet.
  run(leads(client), explodeFormValues(), explodeEvents(), sink()),
  // @ts-expect-error: project has removed the events.
  run(leads(client), project(['guid', 'email']), explodeEvents(), sink()),
  // @ts-expect-error: map has replaced the lead by its guid.
  run(leads(client), map(guidOf), filter(ofCustomer), sink()),
  run(leads(client), filter(ofCustomer), map(guidOf), sink()),
  // @ts-expect-error: the output of one operator must be the input of the next.
  compose(map(guidOf), filter(ofCustomer)),
  run(leads(client), compose(filter(ofCustomer), map(guidOf)), sink()),
  run(leads(client), compose(explodeEvents(), explodeFormValues()), sink()),
])

// An unknown path does not compile, in a list and in a mapping.
compiled(() => {
  const given = [
    // @ts-expect-error: a lead has no emial, in a list.
    run(leads(client), project(['guid', 'emial']), sink()),
    // @ts-expect-error: a lead has no emial, in a mapping.
    run(leads(client), project({ mail: 'emial' }), sink()),
    // @ts-expect-error: crmDetails has no statsu, in a list.
    run(leads(client), project(['crmDetails.statsu']), sink()),
    // @ts-expect-error: crmDetails has no statsu, in a mapping.
    run(leads(client), project({ s: 'crmDetails.statsu' }), sink()),
    // @ts-expect-error: without explodeEvents, there is no conversionEvent.
    run(leads(client), project(['conversionEvent.formName']), sink()),
    // @ts-expect-error: the function takes something that is not a lead.
    run(leads(client), project({ n: (lead: { no: string }) => lead.no }), sink()),
    run(leads(client), project(['leadConversionEvents.0.formName']), sink()),
    run(leads(client), project({ n: lead => isExactly<Lead>()(lead).guid.length, id: 'guid' }), sink()),
  ]
  return given
})

// explode() knows arrays, the names of items, and the remaining fields.
compiled(() => [
  run(
    leads(client),
    explode('leadConversionEvents', { as: 'event' }),
    peek(record => {
      isExactly<ConversionEvent>()(record.event)
      isExactly<string>()(record.guid)
      // @ts-expect-error: the exploded array is gone.
      record.leadConversionEvents
    }),
    explode('event.formSubmissionValues', { as: 'value', keepEmpty: true }),
    peek(record => {
      isExactly<FormSubmissionValue | undefined>()(record.value)
      isExactly<string | undefined>()(record.event.formName)
      // @ts-expect-error: the exploded array of the event is gone.
      record.event.formSubmissionValues
    }),
    sink(),
  ),
  run(
    [{ tags: ['a'], n: 1 }],
    explode('tags'),
    map(({ tags }) => isExactly<string>()(tags)),
    sink(),
  ),
  run(leads(client), explode('leadConversionEvents.0.formSubmissionValues'), sink()),
  // @ts-expect-error: email is a text, not an array.
  run(leads(client), explode('email'), sink()),
  // @ts-expect-error: a lead has no field events.
  run(leads(client), explode('events'), sink()),
])

// validate() emits leads, or the type that is given.
interface Customer {
  name: string
}
compiled(() => [
  run(
    [{}, 1],
    validate(),
    map(lead => isExactly<Lead>()(lead).guid),
    sink(),
  ),
  run(
    [{}],
    validate<Customer>({ schema: {} }),
    map(one => isExactly<Customer>()(one).name),
    sink(),
  ),
  run(
    [{}],
    validate({ nullFields: 'keep', onInvalid: 'skip' }),
    map(lead => isExactly<LeadWithNulls>()(lead)),
    map(({ guid, email, crmDetails, leadConversionEvents }) => [
      isExactly<string>()(guid),
      isExactly<string | null | undefined>()(email),
      isExactly<number | null | '' | undefined>()(crmDetails ? crmDetails.crmType : null),
      isExactly<string | null | undefined>()(leadConversionEvents ? leadConversionEvents[0]?.formName : null),
    ]),
    sink(),
  ),
  run([{}], validate({ nullFields: 'keep' }), explode('leadConversionEvents'), sink()),
  run(
    [{}],
    validate({ nullFields: 'keep' }),
    // @ts-expect-error: an e-mail address may be null.
    map(({ email = '' }) => email.length),
    sink(),
  ),
  // @ts-expect-error: 'ignore' is not a policy.
  validate({ onInvalid: 'ignore' }),
])

// isExactly() rejects every other type.
compiled(() => [
  // @ts-expect-error: another type.
  isExactly<string>()(1),
  // @ts-expect-error: a narrower type.
  isExactly<string | undefined>()('a' as string),
  // @ts-expect-error: a wider type.
  isExactly<string>()('a' as string | undefined),
  // @ts-expect-error: an object with an additional property.
  isExactly<{ a: string }>()({ a: 'a', b: 1 }),
  // @ts-expect-error: an object whose property is not optional.
  isExactly<{ a?: string }>()({ a: 'a' }),
  // @ts-expect-error: any.
  isExactly<string>()(JSON.parse('')),
  isExactly<{ a: string; b: number }>()({} as { a: string } & { b: number }),
])

// A sink of the wrong type does not compile.
compiled(() => {
  const given = [
    // @ts-expect-error: a sink of texts for leads.
    run(leads(client), toArray<string>({ max: 1 })),
    // @ts-expect-error: a sink of leads for texts.
    run(leads(client), map(guidOf), toArray<Lead>({ max: 1 })),
    // @ts-expect-error: the email of a lead may be undefined.
    run(leads(client), project(['email']), toArray<{ email: string }>({ max: 1 })),
    run(leads(client), project(['email']), toArray<{ email: string | undefined }>({ max: 1 })),
    run(leads(client), toArray<Lead>({ max: 1 })),
    run(leads(client), toArray<{ guid: string }>({ max: 1 })),
    run(leads(client), toArray({ max: 1 })),
    run(leads(client), encode(), process.stdout),
  ]
  return given
})

// An argument that is neither a stage nor an option does not compile.
compiled(() => {
  const given = [
    // @ts-expect-error: no sink.
    run(leads(client)),
    // @ts-expect-error: a path is not a sink.
    run(leads(client), filter(ofCustomer), 'leads.ndjson'),
    // @ts-expect-error: a stream needs transform().
    run(leads(client), new Transform(), sink()),
    // @ts-expect-error: a function is not an operator.
    run(leads(client), (lead: Lead) => lead, sink()),
    // @ts-expect-error: a checkpoint needs a path, and every is an object.
    run(leads(client), sink(), { checkpoint: { every: 5 } }),
    // @ts-expect-error: an AbortController is not a signal.
    run(leads(client), sink(), { signal: new AbortController() }),
    // @ts-expect-error: a sink is not a source.
    run(sink(), sink()),
    // @ts-expect-error: the access token is an option of the client.
    leads(client, { access_token: 'a' }),
    // @ts-expect-error: leads() has one object of options.
    leads(client, { max: 5 }, { limit: 5 }),
    run(leads(client, { max: 5, limit: 5 }), sink(), {
      onProgress: ({ records }) => isExactly<number | undefined>()(records),
    }),
  ]
  return given
})

// A source of every kind keeps the type of its values.
compiled(() => {
  async function* texts() {
    yield 'text'
  }
  return [
    run(
      [1, 2],
      map(n => isExactly<number>()(n)),
      sink(),
    ),
    run(
      new Set(['a']),
      map(text => isExactly<string>()(text)),
      sink(),
    ),
    run(
      texts(),
      map(text => isExactly<string>()(text)),
      sink(),
    ),
    run(
      Readable.from(['any']),
      map((value: string) => value),
      sink(),
    ),
  ]
})

// A user's operators and streams have the types that are given.
const withDomain = operator<Lead, Lead & { domain: string }>('withDomain', (lead, emit) => {
  emit({ ...isExactly<Lead>()(lead), domain: lead.email?.split('@')[1] ?? '' })
  // @ts-expect-error: the output needs a domain.
  emit(lead)
})
const shout = transform<{ domain: string }, string>(() => new Transform({ objectMode: true }))
isExactly<Operator<{ domain: string }, string>>()(shout)
compiled(() =>
  run(
    leads(client),
    withDomain,
    peek(lead => isExactly<string>()(lead.domain)),
    shout,
    map(text => isExactly<string>()(text).length),
    toArray<number>({ max: 1 }),
  ),
)
// The function of map() also receives a signal; several calls change no type.
compiled(() =>
  run(
    leads(client),
    map(
      async (lead, { signal }) => [isExactly<Lead>()(lead).guid, isExactly<AbortSignal>()(signal).aborted],
      {
        concurrency: 8,
      },
    ),
    toArray<unknown[]>({ max: 1 }),
  ),
)
// The types of an async generator are inferred, from itself and from the stage before it.
async function* emailsOf(all: AsyncIterable<Lead>) {
  for await (const { email } of all) if (email !== undefined) yield email
}
isExactly<Operator<Lead, string>>()(transform(emailsOf))
isExactly<Operator<Lead, string>>()(transform((all: AsyncIterable<Lead>) => emailsOf(all)))
compiled(() => [
  run(
    leads(client),
    transform(emailsOf),
    map(text => isExactly<string>()(text).length),
    toArray<number>({ max: 1 }),
  ),
  run(
    leads(client),
    transform(async function* (all) {
      for await (const lead of all) yield isExactly<Lead>()(lead).guid
    }),
    toArray<Lead['guid']>({ max: 1 }),
  ),
  // @ts-expect-error: the generator takes leads.
  run([1], transform(emailsOf), sink()),
  // @ts-expect-error: a promise is neither a stream nor an async generator.
  transform(async () => 1),
  // @ts-expect-error: a generator that is not async can't wait for a record.
  transform(function* (all: AsyncIterable<Lead>) {
    yield all
  }),
])
compiled(() => operator<number>('counted', (n, emit) => (n > 1 ? emit(n) : undefined)))
// @ts-expect-error: a value that a step returns would be lost.
compiled(() => operator<number>('returns', n => n + 1))
// @ts-expect-error: the value of a promise that a step returns would be lost.
compiled(() => operator<number>('returns', async n => n + 1))

// The input and output types of operators can be named in a user's functions that create them.
type Slim = Picked<Lead, 'guid' | 'email'>
isExactly<Operator<Lead, Slim>>()(project<Lead, 'guid' | 'email'>(['guid', 'email']))
type Named = Projected<Lead, { id: 'guid'; n: (lead: Lead) => number }>
isExactly<{ id: string; n: number }>()({ id: '', n: 1 } as Named)
const itemsOf = <T, const P extends ArrayPath<T>>(path: P): Operator<T, Exploded<T, P, 'item', false>> =>
  explode<T, P, 'item'>(path, { as: 'item' })
const only = <T>(is: (value: T) => Verdict): Operator<T, T> => filter(is)
const picked = <T, const P extends Path<T>>(path: P): Operator<T, Picked<T, P>> => project<T, P>([path])
const later = async (): Promise<void> => {}
isExactly<StepResult>()(later() as StepResult)
compiled(() =>
  run(
    leads(client),
    itemsOf('leadConversionEvents'),
    only(({ item }) => isExactly<ConversionEvent>()(item).convertDate !== undefined),
    picked('item.formName'),
    peek(record => isExactly<string | undefined>()(record['item.formName'])),
    sink(),
  ),
)
compiled(() => {
  const definition: StepDefinition<Lead, string> = {
    name: 'own',
    create: () => ({ step: (lead, emit) => emit(lead.guid) }),
    // @ts-expect-error: takesRejected is internal to leadpipe.
    takesRejected: true,
  }
  return operator(definition)
})

// Promises of any kind are unwrapped.
const promised = {} as PromiseLike<number>
compiled(() =>
  run(
    ['a'],
    map(() => promised),
    peek(n => isExactly<number>()(n)),
    filter(() => ({}) as PromiseLike<boolean>),
    map(n => (n > 1 ? Promise.resolve('x') : 'y')),
    peek(text => isExactly<string>()(text)),
    sink(),
  ),
)

// A conversion has exactly these fields.
const conversions = compose(
  explodeEvents<Lead>(),
  project({
    guid: 'guid',
    email: 'email',
    form: 'conversionEvent.formName',
    at: 'conversionEvent.convertDate',
  }),
)
compiled(() =>
  run(
    leads(client),
    conversions,
    peek((conversion: Conversion) => conversion),
    map(conversion => Object.keys(conversion) as (keyof typeof conversion)[]),
    peek(keys => isExactly<('guid' | 'email' | 'form' | 'at')[]>()(keys)),
    sink(),
  ),
)
