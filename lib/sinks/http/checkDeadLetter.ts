import { Writable } from 'node:stream'
import { contradiction } from './contradiction.ts'

/**
 * Where refused records go, if they go anywhere.
 *
 * @throws {LeadpipeError} OPTION when it can't take them, or does not go with the policy.
 */
export function checkDeadLetter(given: unknown, onRefused: string): Writable | undefined {
  if (onRefused !== 'dead-letter') {
    if (given === undefined) return undefined
    throw contradiction('deadLetter', 'it belongs to onRefused: "dead-letter"')
  }
  if (!(given instanceof Writable)) {
    const expected = 'expected a sink, or a Writable in object mode, such as toFile("refused.ndjson")'
    throw contradiction('deadLetter', given === undefined ? `${expected}, received none` : expected)
  }
  if (!given.writableObjectMode) {
    throw contradiction('deadLetter', 'it takes bytes; put encode() in front of it')
  }
  if (given.destroyed || given.writableEnded) {
    throw contradiction('deadLetter', 'it has been ended already; make a new one for each sink')
  }
  return given
}
