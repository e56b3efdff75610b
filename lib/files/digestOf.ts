import { createHash } from 'node:crypto'

/** What tells a text from any other. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Whether a text looks like what {@link digestOf} gives. */
export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
