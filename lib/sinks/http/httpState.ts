import { LeadpipeError } from '../../errors.ts'
import { compileSchema } from '../../options/ajv.ts'
import type { SinkCounts } from '../../streams/SinkWritable.ts'
import type { HttpSettings } from './options.ts'

/** What an HTTP sink counted. */
export interface HttpCounts extends SinkCounts {
  /** Records that the receiver accepted, and those it refused that were skipped or set aside. */
  acknowledged: number
  /** Bytes of the bodies that were accepted or refused for good, each once, as they were sent. */
  bytes: number
  /** How many such bodies there were. */
  batches: number
  /** Batches that were too large (413) and sent in halves; not among `batches`. */
  splits: number
  /** Records that the receiver refused, and that were skipped or set aside. */
  refused: number
  /** Requests that were sent, repetitions included. */
  requests: number
  /** How many of them were repetitions. */
  retries: number
}

/** The counts of a sink that is not opened. */
export const noCounts: Readonly<HttpCounts> = {
  received: 0,
  acknowledged: 0,
  bytes: 0,
  batches: 0,
  splits: 0,
  refused: 0,
  requests: 0,
  retries: 0,
}

/** How far a delivery is, when no batch is under way: plain JSON. */
export interface HttpState {
  /** Names the run in the Idempotency-Keys. */
  runId: string
  /** Records in batches that are settled. */
  position: number
  /** The records behind them, each as JSON: the beginning of the next batch. */
  held: string[]
  counts: HttpCounts
  /** Present when every record is settled. */
  complete?: true
}

const count = { type: 'integer', minimum: 0 }
const names = Object.keys(noCounts)
const schema = {
  type: 'object',
  required: ['runId', 'position', 'held', 'counts'],
  properties: {
    runId: { type: 'string' },
    position: count,
    held: { type: 'array', items: { type: 'string' } },
    counts: {
      type: 'object',
      required: names,
      properties: Object.fromEntries(names.map(name => [name, count])),
    },
    complete: { const: true },
  },
}

/**
 * The state that a checkpoint holds for a delivery.
 *
 * @throws {LeadpipeError} CHECKPOINT when it can't be read, or is of another run.
 */
export function httpState(given: unknown, { runId }: HttpSettings<never>, url: string): HttpState {
  const refuse = (message: string) =>
    new LeadpipeError('CHECKPOINT', `${url}: ${message}`, { context: { url } })
  const readable = compileSchema(schema)(given) && (given as HttpState).held.every(isJson)
  const state = given as HttpState
  if (!readable) throw refuse("what the checkpoint says of it can't be read")
  if (runId !== undefined && runId !== state.runId) {
    throw refuse(`the checkpoint is of the run ${state.runId}, not of ${runId}`)
  }
  return state
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
