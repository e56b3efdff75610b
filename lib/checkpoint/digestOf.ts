import { createHash } from 'node:crypto'

/** What tells a text from any other. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
