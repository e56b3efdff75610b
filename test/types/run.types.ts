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

/** For the compiler only: `npm run check` compiles this file, nothing runs it. */
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
      // @ts-expect-error: the array is no more there.
      record.leadConversionEvents
    }),
    explodeFormValues(),
    peek(record => {
      isExactly<FormSubmissionValue>()(record.formValue)
      isExactly<string | undefined>()(record.conversionEvent.formName)
      // @ts-expect-error: nor is this one.
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

/** Named, so that each wrong call stands on one line, under its directive. */
const guidOf = (lead: Lead) => lead.guid
const ofCustomer = (lead: Lead) => lead.isCustomer

// A wrong order does not compile.
compiled(() => [
  // @ts-expect-error: form values are in an event, and there is none yet.
  run(leads(client), explodeFormValues(), explodeEvents(), sink()),
  // @ts-expect-error: the events are gone.
  run(leads(client), project(['guid', 'email']), explodeEvents(), sink()),
  // @ts-expect-error: the lead is gone.
  run(leads(client), map(guidOf), filter(ofCustomer), sink()),
  run(leads(client), filter(ofCustomer), map(guidOf), sink()),
  // @ts-expect-error: what comes out of one must go into the next.
  compose(map(guidOf), filter(ofCustomer)),
  run(leads(client), compose(filter(ofCustomer), map(guidOf)), sink()),
  run(leads(client), compose(explodeEvents(), explodeFormValues()), sink()),
])

// An unknown path does not compile, in a list and in a mapping.
compiled(() => {
  const given = [
    // @ts-expect-error
    run(leads(client), project(['guid', 'emial']), sink()),
    // @ts-expect-error
    run(leads(client), project({ mail: 'emial' }), sink()),
    // @ts-expect-error
    run(leads(client), project(['crmDetails.statsu']), sink()),
    // @ts-expect-error
    run(leads(client), project({ s: 'crmDetails.statsu' }), sink()),
    // @ts-expect-error
    run(leads(client), project(['conversionEvent.formName']), sink()),
    // @ts-expect-error
    run(leads(client), project({ n: (lead: { no: string }) => lead.no }), sink()),
    run(leads(client), project(['leadConversionEvents.0.formName']), sink()),
    run(leads(client), project({ n: lead => isExactly<Lead>()(lead).guid.length, id: 'guid' }), sink()),
  ]
  return given
})

// Explode knows arrays, the names of items, and what is left.
compiled(() => [
  run(
    leads(client),
    explode('leadConversionEvents', { as: 'event' }),
    peek(record => {
      isExactly<ConversionEvent>()(record.event)
      isExactly<string>()(record.guid)
      // @ts-expect-error: the array is no more there.
      record.leadConversionEvents
    }),
    explode('event.formSubmissionValues', { as: 'value', keepEmpty: true }),
    peek(record => {
      isExactly<FormSubmissionValue | undefined>()(record.value)
      isExactly<string | undefined>()(record.event.formName)
      // @ts-expect-error: nor is this one.
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
  // @ts-expect-error: text is no array.
  run(leads(client), explode('email'), sink()),
  // @ts-expect-error: nor is what is not there.
  run(leads(client), explode('events'), sink()),
])

// Validate turns anything into leads, or into what is said.
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
  // @ts-expect-error: no such policy.
  validate({ onInvalid: 'ignore' }),
])

// The assertions have teeth.
compiled(() => [
  // @ts-expect-error
  isExactly<string>()(1),
  // @ts-expect-error
  isExactly<string | undefined>()('a' as string),
  // @ts-expect-error
  isExactly<string>()('a' as string | undefined),
  // @ts-expect-error
  isExactly<{ a: string }>()({ a: 'a', b: 1 }),
  // @ts-expect-error
  isExactly<{ a?: string }>()({ a: 'a' }),
  // @ts-expect-error
  isExactly<string>()(JSON.parse('')),
  isExactly<{ a: string; b: number }>()({} as { a: string } & { b: number }),
])

// A sink of the wrong type does not compile.
compiled(() => {
  const given = [
    // @ts-expect-error
    run(leads(client), toArray<string>({ max: 1 })),
    // @ts-expect-error
    run(leads(client), map(guidOf), toArray<Lead>({ max: 1 })),
    // @ts-expect-error
    run(leads(client), project(['email']), toArray<{ email: string }>({ max: 1 })),
    run(leads(client), project(['email']), toArray<{ email: string | undefined }>({ max: 1 })),
    run(leads(client), toArray<Lead>({ max: 1 })),
    run(leads(client), toArray<{ guid: string }>({ max: 1 })),
    run(leads(client), toArray({ max: 1 })),
    run(leads(client), encode(), process.stdout),
  ]
  return given
})

// What is no stage, or no option, does not compile.
compiled(() => {
  const given = [
    // @ts-expect-error
    run(leads(client)),
    // @ts-expect-error
    run(leads(client), filter(ofCustomer), 'leads.ndjson'),
    // @ts-expect-error
    run(leads(client), new Transform(), sink()),
    // @ts-expect-error
    run(leads(client), (lead: Lead) => lead, sink()),
    // @ts-expect-error
    run(leads(client), sink(), { checkpoint: { every: 5 } }),
    // @ts-expect-error
    run(leads(client), sink(), { signal: new AbortController() }),
    // @ts-expect-error
    run(sink(), sink()),
    // @ts-expect-error
    leads(client, { access_token: 'a' }),
    // @ts-expect-error
    leads(client, { max: 5 }, { limit: 5 }),
    run(leads(client, { max: 5, limit: 5 }), sink(), {
      onProgress: ({ records }) => isExactly<number>()(records),
    }),
  ]
  return given
})

// Sources of every kind carry their type.
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

// Operators of the user, and streams of the user, carry the types that are said.
const withDomain = operator<Lead, Lead & { domain: string }>('withDomain', (lead, emit) => {
  emit({ ...isExactly<Lead>()(lead), domain: lead.email?.split('@')[1] ?? '' })
  // @ts-expect-error
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
compiled(() => operator<number>('counted', (n, emit) => (n > 1 ? emit(n) : undefined)))
// @ts-expect-error: what a step returns would be lost.
compiled(() => operator<number>('returns', n => n + 1))
// @ts-expect-error: so would what its promise holds.
compiled(() => operator<number>('returns', async n => n + 1))

// What operators take and make can be named, in functions of the user that make them.
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
    // @ts-expect-error: it is leadpipe's own affair.
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
