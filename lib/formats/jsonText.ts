/**
 * A record as JSON.
 *
 * @throws {TypeError} when it has none: bytes (an encoded record is not encoded again), functions, symbols,
 * BigInts and circular structures.
 */
export function jsonText(record: unknown): string {
  if (record instanceof Uint8Array)
    throw new TypeError('it is bytes already; leave encode() out before this sink')
  const text: string | undefined = JSON.stringify(record)
  if (text === undefined) throw new TypeError(`${kindOf(record)} is no JSON`)
  return text
}

function kindOf(record: unknown): string {
  if (record === undefined) return 'undefined'
  return typeof record === 'object' ? 'what its toJSON() gives' : `a ${typeof record}`
}
