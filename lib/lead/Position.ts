import { describe } from '../errors.ts'
import { type OptionRules, optionError } from '../options/checkOptions.ts'
import { type TimePivot, timePivots } from './apiQuirks.ts'

/** Where offset paging resumes. */
export interface OffsetPosition {
  paging: 'offset'
  /** Leads delivered before, so that `limit` counts across restarts. */
  leads: number
  /** Elements of the list before this position. */
  offset: number
}

/** Where reading by guid resumes. */
export interface GuidsPosition {
  paging: 'guids'
  /** Leads delivered before. */
  leads: number
  /** How many different guids were taken, in the given order. */
  guids: number
  /** The taken guids whose leads have not arrived yet: at most one page. */
  pending: readonly string[]
  /** How many leads are missing so far. */
  missing: number
  /**
   * A digest (SHA-256, 64 hexadecimal digits) of the taken guids: other guids are refused. Without a digest, guids are
   * not compared.
   */
  digest?: string
}

/** Where seek paging resumes: after one lead, in the order of (time pivot, guid). */
export interface SeekPosition {
  paging: 'seek'
  /** Leads delivered before. */
  leads: number
  timePivot: TimePivot
  /** Only leads whose pivot is after this; absent if the list has no lower bound. */
  startTime?: number
  /** Only leads whose pivot is not after this; absent until the first answer has shown the server's time. */
  stopTime?: number
  /** The pivot of the last lead; absent before the first. */
  pivot?: number
  /** The guid of the last lead; absent if everything up to and including `pivot` is done. */
  guid?: string
  /** Offset of the last lead among the leads that share its pivot: a hint that saves requests. */
  tie?: number
  /** The bounds that the server is known to include: requests need not reach beyond them. */
  included?: readonly ('startTime' | 'stopTime')[]
  /** Digests of the elements without a guid or a pivot that follow that lead. */
  others?: string[]
}

/** Where a source resumes, as plain JSON: the value of `source.position`, for the option `from`. */
export type Position = OffsetPosition | GuidsPosition | SeekPosition

const count = { type: 'integer', minimum: 0 } as const
const strings = { type: 'array', items: { type: 'string' } } as const
const kind = (paging: Position['paging'], properties: object, required: string[]) => ({
  type: 'object',
  required: ['paging', 'leads', ...required],
  properties: { paging: { const: paging }, leads: count, ...properties },
  additionalProperties: false,
})
const positionSchema = {
  anyOf: [
    kind('offset', { offset: count }, ['offset']),
    kind(
      'guids',
      {
        guids: count,
        pending: { ...strings, maxItems: 100 },
        missing: count,
        digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      },
      ['guids', 'pending', 'missing'],
    ),
    kind(
      'seek',
      {
        timePivot: { enum: timePivots },
        startTime: count,
        stopTime: { type: 'integer' },
        pivot: { type: 'integer' },
        guid: { type: 'string' },
        tie: count,
        included: { type: 'array', items: { enum: ['startTime', 'stopTime'] } },
        others: strings,
      },
      ['timePivot'],
    ),
  ],
} as const

/** What the option `from` accepts. */
export const positionRule: OptionRules['options'][string] = {
  ...positionSchema,
  expected: 'the value of `position` of an earlier source',
}

/** A position of one kind of paging; throws OPTION if it is of another kind. */
export function positionOf<P extends Position['paging']>(
  paging: P,
  from: Position | undefined,
): Extract<Position, { paging: P }> | undefined {
  if (from === undefined) return undefined
  if (from.paging !== paging) {
    const expected = `a position of ${paging} paging`
    throw optionError({ owner: 'leads()', option: 'from', expected, received: describe(from) })
  }
  return from as Extract<Position, { paging: P }>
}
