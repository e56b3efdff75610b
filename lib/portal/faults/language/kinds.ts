import { type Fault, policies } from '../Fault.ts'
import { type Field, integer, part, text, word } from './Field.ts'

/** A kind of fault: the values that it accepts, besides its headers. */
export interface Kind {
  /** The value that follows the kind itself, as in `status=503`. */
  readonly main?: string
  /** Whether that value may be omitted. */
  readonly isOptional?: true
  /** Whether names that begin with a capital are headers. */
  readonly takesHeaders?: true
  readonly fields: Readonly<Record<string, Field>>
}

type FaultOf<K, F = Fault> = F extends { readonly kind: infer X } ? (K extends X ? F : never) : never

/** The names of a fault's values. */
type Names<K> = Exclude<keyof FaultOf<K>, 'kind' | 'headers'>

/** The compiler checks that the table has every kind and every value of the types, and no other. */
type Kinds = {
  readonly [K in Fault['kind']]: Kind & {
    readonly main?: Names<K>
    readonly fields: { readonly [name in Names<K>]: Field }
  }
}

const hour = 3_600_000
const year = 31_536_000_000
const change = { main: 'count', isOptional: true, fields: { count: integer(1, 100_000) } } as const

export const kinds: Kinds = {
  status: {
    main: 'status',
    takesHeaders: true,
    fields: { status: integer(200, 599), body: text, policy: word(...policies) },
  },
  reset: { fields: {} },
  cut: { main: 'at', fields: { at: part, framing: word('length', 'chunked', 'whole') } },
  stall: { main: 'at', isOptional: true, fields: { at: part } },
  drip: { main: 'bytes', fields: { bytes: integer(1, 100_000_000), interval: integer(0, hour) } },
  delay: { main: 'milliseconds', fields: { milliseconds: integer(0, hour) } },
  garbage: { main: 'form', fields: { form: word('html', 'broken', 'unbalanced', 'malformed') } },
  element: { main: 'text', isOptional: true, fields: { text } },
  oversized: { main: 'bytes', isOptional: true, fields: { bytes: integer(1, 500_000_000) } },
  insert: change,
  delete: change,
  undelete: change,
  touch: change,
  archive: change,
  merge: change,
  reorder: { fields: {} },
  unsorted: { fields: {} },
  lag: { main: 'milliseconds', isOptional: true, fields: { milliseconds: integer(0, year) } },
  short: { fields: {} },
  outside: change,
  lost: change,
  expire: { fields: {} },
}

/** The table's row for a name, if there is one. */
export function kindOf(name: unknown): Kind | undefined {
  return Object.hasOwn(kinds, name as string) ? kinds[name as Fault['kind']] : undefined
}
