import { inspect } from 'node:util'
import type { BranchState } from '../engine/Runner.ts'
import type { Remedy } from '../errors/ErrorContexts.ts'
import { describe, LeadpipeError } from '../errors.ts'
import { isDigest } from '../files/paths.ts'
import type { Json } from '../stage/Stage.ts'

/** The description of a run, as plain JSON. A checkpoint fits only a run with an equal description. */
export interface Pipeline {
  source: Json
  operators: readonly OperatorFingerprint[]
  sink: Json
  /** The user's version of the functions, which is compared instead of their text. */
  version?: string
}

/** The facts about one operator that must be equal for a checkpoint to fit. */
export interface OperatorFingerprint {
  name: string
  options?: Json
  /** Digests of the text of a user's functions. */
  functions?: readonly string[]
  /** Its side outputs. */
  outputs?: Readonly<Record<string, Json>>
}

/** The progress of every stage, all at the same record: plain JSON. */
export interface RunState {
  source: Json
  chain: BranchState
  /** By the sink's path in the run: `sink`, `sink/branches/0`, `sink/deadLetter`, `operators/0/quarantine`. */
  sinks: Readonly<Record<string, Json>>
}

/** The content of a checkpoint. */
export interface Checkpoint {
  pipeline: Pipeline
  /**
   * 'running': a restart resumes after the state. 'prepared': everything is written and durable, and a restart only
   * makes it visible. 'committed': nothing is left to do.
   */
  phase: 'running' | 'prepared' | 'committed'
  state: RunState
  /** The report of a run that is prepared or committed. */
  report?: Json
  /** Number of starts of the run. */
  starts: number
  /** Number of saves, this one included. */
  saves: number
  /** Present if it was read from version 1, which holds no digests of functions. */
  upgraded?: true
}

const count = { type: 'integer', minimum: 0 }
const object = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
})
const operator = object(
  {
    name: { type: 'string' },
    counts: object({
      in: count,
      out: count,
      unused: count,
      rejected: count,
      ended: { type: 'boolean' },
      own: { type: 'object', additionalProperties: { type: 'number' } },
    }),
  },
  ['name', 'counts'],
)
const branchFields = {
  operators: { type: 'array', items: operator },
  records: count,
  rejected: count,
  dropped: { type: 'string' },
}
const branchesBelow = { type: 'array', items: { $ref: '#/definitions/branch' } }
/** A branch ends in a sink or in branches. */
const branch = {
  anyOf: [
    object({ ...branchFields, passed: count }, ['operators', 'records', 'rejected', 'passed']),
    object({ ...branchFields, branches: branchesBelow }, ['operators', 'records', 'rejected', 'branches']),
  ],
}

/** The JSON Schema of a {@link Checkpoint}; the states of sources and sinks are checked by the stages themselves. */
export const checkpointSchema = {
  definitions: { branch },
  ...object(
    {
      pipeline: object(
        {
          source: {},
          operators: { type: 'array', items: object({ name: { type: 'string' } }) },
          sink: {},
          version: { type: 'string' },
        },
        ['source', 'operators', 'sink'],
      ),
      phase: { enum: ['running', 'prepared', 'committed'] },
      state: object({
        source: {},
        chain: { $ref: '#/definitions/branch' },
        sinks: { type: 'object' },
      }),
      report: { type: 'object' },
      starts: count,
      saves: count,
    },
    ['pipeline', 'phase', 'state', 'starts', 'saves'],
  ),
}

/**
 * The first difference between two values of plain JSON, in words; undefined when they are equal.
 *
 * @param where the name of the values, for example 'sink'
 */
export function differenceOf(before: unknown, now: unknown, where = ''): string | undefined {
  if (isObject(before) && isObject(now) && Array.isArray(before) === Array.isArray(now)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const [saved, current] = [own(before, name), own(now, name)]
      const found = differenceOf(saved, current, where === '' ? name : `${where}.${name}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (Object.is(before, now)) return undefined
  return `${where} was ${inWords(before)} and is ${inWords(now)} now`
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** A field that is only inherited does not count. */
const own = (object: Record<string, unknown>, name: string) =>
  Object.hasOwn(object, name) ? object[name] : undefined

function inWords(value: unknown): string {
  if (value === undefined) return 'absent'
  // A whole stage: its options would not fit.
  if (isObject(value) && typeof value.name === 'string') return `given ('${value.name}')`
  if (typeof value === 'string' && isDigest(value)) return `a value with digest ${value.slice(0, 12)}…`
  // Two paths in the same directory may look the same if they are cut short.
  return typeof value === 'string' ? inspect(value, { maxStringLength: 1_000 }) : describe(value)
}

/** What to do about a checkpoint that can't be resumed. */
export const startAgain = 'delete it to start again, or give another path'

/** A CHECKPOINT error that names the file. */
export function checkpointError(
  path: string,
  problem: string,
  { cause, ...facts }: { cause?: unknown; remedy?: string | Remedy; differs?: string } = {},
): LeadpipeError {
  return new LeadpipeError('CHECKPOINT', `checkpoint ${path}: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    context: { path, ...facts },
  })
}
