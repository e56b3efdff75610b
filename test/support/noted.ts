import type { Test } from 'tap'

/** What the process tells, from now on to the end of the test. */
export function noted(t: Test, event: 'unhandledRejection' | 'warning'): unknown[] {
  const told: unknown[] = []
  const note = (what: unknown) => told.push(what)
  process.on(event, note)
  t.teardown(() => process.off(event, note))
  return told
}
