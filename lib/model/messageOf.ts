import { describe } from './checkOptions.ts'

/** What was thrown, in words: users throw all sorts of things, and some errors have a code but no message. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  if (!(thrown instanceof Error)) return describe(thrown)
  return thrown.message || ((thrown as NodeJS.ErrnoException).code ?? thrown.name)
}
