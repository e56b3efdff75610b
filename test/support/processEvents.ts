import type { Test } from 'tap'

/** Collects the values of a process event until the end of the test. */
export function processEvents(t: Test, event: 'unhandledRejection' | 'warning'): unknown[] {
  const values: unknown[] = []
  const collect = (value: unknown) => values.push(value)
  process.on(event, collect)
  t.teardown(() => process.off(event, collect))
  return values
}
