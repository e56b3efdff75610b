import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Mark } from '../../lib/model/Mark.ts'

/** What a sink gave to a mark, as it comes back from a checkpoint, and how many records came before it. */
export interface Saved {
  state: unknown
  records: number
}

/** A value as it comes back from a file of JSON. */
export const reread = <T>(value: T): T => JSON.parse(JSON.stringify(value))

/** Writes one value; resolves when the sink has taken it. */
export function put(sink: Writable, value: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    sink.write(value, error => (error ? reject(error) : resolve()))
  })
}

/** Writes a mark; resolves to the state that it was given. */
export async function mark(sink: Writable): Promise<unknown> {
  const states: unknown[] = []
  await put(
    sink,
    new Mark(undefined, async state => {
      states.push(reread(state))
    }),
  )
  return states[0]
}

/** Writes the records from a number on, and a mark wherever so many records came before it; does not end. */
export async function writeMarked(
  sink: Writable,
  records: readonly unknown[],
  marks: readonly number[],
  from = 0,
): Promise<Saved[]> {
  const saved: Saved[] = []
  for (let written = from; ; written += 1) {
    for (const place of marks) {
      if (place === written) saved.push({ state: await mark(sink), records: written })
    }
    if (written === records.length) return saved
    await put(sink, records[written])
  }
}

/** Ends a sink and waits until it is closed. */
export async function endOf(sink: Writable): Promise<void> {
  sink.end()
  await finished(sink)
  await closed(sink)
}

/** Ends a sink as a crash does, with nothing more written. */
export async function crash(sink: Writable): Promise<void> {
  sink.on('error', () => {})
  sink.destroy()
  await closed(sink)
}

/** Resolves when a sink has let go of everything, whether it failed or not. */
export async function closed(sink: Writable): Promise<void> {
  if (!sink.closed) await new Promise<void>(resolve => sink.once('close', resolve))
}

/** A continuation that keeps the state of a complete sink, as it comes back from a checkpoint. */
export function continuation(state?: unknown) {
  const completed: unknown[] = []
  return {
    state,
    completed,
    async complete(given: unknown) {
      completed.push(reread(given))
    },
  }
}
