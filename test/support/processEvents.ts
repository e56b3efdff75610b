import type { Test } from 'tap'

type ProcessEvent = 'unhandledRejection' | 'uncaughtException' | 'warning'

/** Collects the values of process events until the end of the test. */
export function processEvents(t: Test, ...events: readonly ProcessEvent[]): unknown[] {
  const values: unknown[] = []
  const collect = (value: unknown) => values.push(value)
  for (const event of events) {
    process.on(event, collect)
    t.teardown(() => process.off(event, collect))
  }
  return values
}
