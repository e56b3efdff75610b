import { type OptionRules, optionError } from '../options/checkOptions.ts'
import { type TimePivot, timePivots } from './apiQuirks.ts'

/** Where offset paging goes on. */
export interface OffsetPosition {
  paging: 'offset'
  /** Leads that came before, so that `limit` counts over restarts. */
  leads: number
  /** Elements of the list that came before. */
  offset: number
}

/** Where the reading of given guids goes on. */
export interface GuidsPosition {
  paging: 'guids'
  /** Leads that came before. */
  leads: number
  /** How many different guids, in the order given, were taken. */
  guids: number
  /** Those of them whose leads are not here yet: at most a page. */
  pending: readonly string[]
  /** How many did not come so far. */
  missing: number
  /**
   * A digest (SHA-256, 64 hexadecimal digits) of the guids that were taken: others are refused. Without one, they are
   * not compared.
   */
  digest?: string
}

/** Where seek paging goes on: behind one lead, in the order of (time pivot, guid). */
export interface SeekPosition {
  paging: 'seek'
  /** Leads that came before. */
  leads: number
  timePivot: TimePivot
  /** Only leads whose pivot is after this; absent where nothing restricts the list from below. */
  startTime?: number
  /** Only leads whose pivot is not after this; absent until the first answer has told the server's time. */
  stopTime?: number
  /** The pivot of the last lead; absent before the first. */
  pivot?: number
  /** Its guid; absent where everything up to the pivot before is done. */
  guid?: string
  /** Where in the list of leads that share the pivot it stood: a hint that saves requests. */
  tie?: number
  /** Which bounds the server was seen to include: what is asked for need not reach further. */
  included?: readonly ('startTime' | 'stopTime')[]
  /** Digests of what came behind that lead and has no guid, or no pivot. */
  others?: string[]
}

/** Where a source goes on, as plain JSON: `source.position`, for the option `from`. */
export type Position = OffsetPosition | GuidsPosition | SeekPosition

const whole = { type: 'integer', minimum: 0 } as const
const texts = { type: 'array', items: { type: 'string' } } as const
const kind = (paging: Position['paging'], properties: object, required: string[]) => ({
  type: 'object',
  required: ['paging', 'leads', ...required],
  properties: { paging: { const: paging }, leads: whole, ...properties },
  additionalProperties: false,
})
const positionSchema = {
  anyOf: [
    kind('offset', { offset: whole }, ['offset']),
    kind(
      'guids',
      {
        guids: whole,
        pending: { ...texts, maxItems: 100 },
        missing: whole,
        digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      },
      ['guids', 'pending', 'missing'],
    ),
    kind(
      'seek',
      {
        timePivot: { enum: timePivots },
        startTime: whole,
        stopTime: { type: 'integer' },
        pivot: { type: 'integer' },
        guid: { type: 'string' },
        tie: whole,
        included: { type: 'array', items: { enum: ['startTime', 'stopTime'] } },
        others: texts,
      },
      ['timePivot'],
    ),
  ],
} as const

/** What the option `from` accepts. */
export const positionRule: OptionRules['options'][string] = {
  ...positionSchema,
  expected: 'a position that `source.position` gave',
}

/** The position of one kind; refuses one of another. */
export function positionOf<P extends Position['paging']>(
  paging: P,
  from: Position | undefined,
): Extract<Position, { paging: P }> | undefined {
  if (from === undefined) return undefined
  if (from.paging !== paging) {
    throw optionError('leads() options: from', `expected a position of ${paging} paging`, from)
  }
  return from as Extract<Position, { paging: P }>
}
