import { createReadStream } from 'node:fs'
import { PortalError } from '../PortalError.ts'
import { isObject } from './isObject.ts'

/**
 * The leads of an NDJSON file: one object per line, empty lines are skipped. Only a line feed (with or without a
 * carriage return) ends a line: `node:readline` would also split at U+2028, which is allowed in JSON text.
 *
 * @throws PortalError LEADS for a file that can't be read, and for a line that is not a JSON object.
 */
export async function* readLeadFile(path: string): AsyncGenerator<object> {
  let number = 0
  for await (const line of linesOf(path)) {
    number++
    // Also removes a byte order mark, which Windows programs put before the first line.
    const text = line.trim()
    if (text !== '') yield parseLine(text, `${path}, line ${number}`)
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let incomplete = ''
  try {
    for await (const chunk of createReadStream(path, 'utf8')) {
      const lines = (incomplete + chunk).split('\n')
      incomplete = lines.pop() ?? ''
      yield* lines
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PortalError('LEADS', `The lead file ${path} can not be read: ${reason}`, { cause })
  }
  yield incomplete
}

function parseLine(text: string, location: string): object {
  let lead: unknown
  try {
    lead = JSON.parse(text)
  } catch (cause) {
    throw new PortalError('LEADS', `${location} is not JSON: ${(cause as Error).message}`, { cause })
  }
  if (isObject(lead)) return lead
  throw new PortalError('LEADS', `${location} is not a lead: expected a JSON object`)
}
