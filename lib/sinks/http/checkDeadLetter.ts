import { Writable } from 'node:stream'
import { optionError } from '../../options/checkOptions.ts'

/**
 * Where refused records go, if they go anywhere.
 *
 * @throws {LeadpipeError} OPTION when it can't take them, or does not go with the policy.
 */
export function checkDeadLetter(given: unknown, onRefused: string): Writable | undefined {
  if (onRefused !== 'dead-letter') {
    if (given === undefined) return undefined
    throw optionError('toHttp(): deadLetter', 'it belongs to onRefused: "dead-letter"')
  }
  if (!(given instanceof Writable)) {
    const expected = 'expected a sink, or a Writable in object mode, such as toFile("refused.ndjson")'
    throw optionError('toHttp(): deadLetter', given === undefined ? `${expected}, received none` : expected)
  }
  if (!given.writableObjectMode) {
    throw optionError('toHttp(): deadLetter', 'it takes bytes; put encode() in front of it')
  }
  if (given.destroyed || given.writableEnded) {
    throw optionError('toHttp(): deadLetter', 'it has been ended already; make a new one for each sink')
  }
  return given
}
