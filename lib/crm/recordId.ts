/** Whether a text is a record id as HubSpot makes them: a decimal number of any length. */
export const isRecordId = (text: unknown): text is string =>
  typeof text === 'string' && /^(0|[1-9]\d*)$/.test(text)

/** Compares two record ids as numbers: negative if `a` is the smaller one. They may be too long for a double. */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}

/** The smallest id after an id. */
export const idAfter = (id: string): string => String(BigInt(id) + 1n)
