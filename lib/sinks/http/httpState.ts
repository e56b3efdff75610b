import { LeadpipeError } from '../../errors.ts'
import { compileSchema } from '../../options/ajv.ts'
import type { SinkCounts } from '../../streams/SinkWritable.ts'
import type { HttpSettings } from './options.ts'

/** The counters of an HTTP sink. */
export interface HttpCounts extends SinkCounts {
  /** Records that the receiver accepted, plus refused records that were skipped or written as dead letters. */
  acknowledged: number
  /** Bytes of the bodies that were accepted or refused for good, as sent (compressed); each body counts once. */
  bytes: number
  /** Bodies that were accepted or refused for good. */
  batches: number
  /** Batches that were too large (413) and sent in halves; not included in `batches`. */
  splits: number
  /** Refused records that were skipped or written as dead letters. */
  refused: number
  /** Requests sent, including retries. */
  requests: number
  /** How many of them were retries. */
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

/** How far a delivery is, while no batch is in flight: plain JSON. */
export interface HttpState {
  /** Identifies the run in the Idempotency-Keys. */
  runId: string
  /** Number of records in settled batches. */
  position: number
  /** The records after them, each as JSON: the beginning of the next batch. */
  held: string[]
  counts: HttpCounts
  /** Present if every record is settled. */
  complete?: true
}

const startAgain = 'delete the checkpoint to start again'
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
 * The state that a checkpoint has for a delivery.
 *
 * @throws {LeadpipeError} CHECKPOINT when it can't be read, or is of another run.
 */
export function httpState(saved: unknown, { runId }: HttpSettings<never>, url: string): HttpState {
  const refuse = (message: string) =>
    new LeadpipeError('CHECKPOINT', `${url}: ${message}`, { context: { url, remedy: startAgain } })
  const readable = compileSchema(schema)(saved) && (saved as HttpState).held.every(isJson)
  const state = saved as HttpState
  if (!readable) throw refuse('the checkpoint holds no valid state of this receiver')
  if (runId !== undefined && runId !== state.runId) {
    throw refuse(`the checkpoint has the runId ${state.runId}, and the run has ${runId}`)
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
