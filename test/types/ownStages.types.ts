import { type OwnSink, type OwnSource, run, type SinkUse, sink, source, toArray } from '../../lib/index.ts'
import { isExactly } from '../support/isExactly.ts'

/** For the compiler only: `npm run check` compiles this file, nothing runs it. */
declare function compiled(code: () => unknown): void

interface Contact {
  id: string
}
declare const contacts: Contact[]

compiled(() => {
  const inferred = source('contacts', async function* ({ signal }) {
    isExactly<AbortSignal>()(signal)
    yield { records: contacts, position: 1 }
  })
  isExactly<OwnSource<Contact>>()(inferred)
  const annotated = source(
    'contacts',
    function* ({ from }: { from: number | undefined }) {
      yield { records: contacts, position: from ?? 0 }
    },
    { following: position => isExactly<number>()(position) },
  )
  isExactly<OwnSource<Contact>>()(annotated)
  return run(
    source<Contact, string>('contacts', ({ from }) => {
      isExactly<string | undefined>()(from)
      return []
    }),
    toArray<Contact>({ max: 1 }),
  )
})

compiled(async () => {
  const inferred = sink('toLog', async () => ({ write: (row: Contact) => console.log(row) }))
  isExactly<OwnSink<Contact>>()(inferred)
  const typed = sink<Contact, { rows: number }>('toLog', ({ state }) => {
    isExactly<{ rows: number } | undefined>()(state)
    return { write: row => isExactly<Contact>()(row), flush: async () => ({ rows: 1 }) }
  })
  isExactly<OwnSink<Contact>>()(typed)
  /** An object of a class can be a use of a sink. */
  class Table implements SinkUse<Contact> {
    readonly write = (_row: Contact) => {}
    async flush() {
      return 1
    }
  }
  await run(
    contacts,
    sink<Contact>('table', () => new Table()),
  )
  // @ts-expect-error: records of another type
  await run([1, 2], inferred)
})
