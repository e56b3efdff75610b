import type { Test } from 'tap'
import type { Report } from '../../lib/index.ts'
import { type KillableExport, type Place, places } from './KillableExport.ts'

/** What became of the processes of one export. */
export interface Course {
  report: Report
  starts: number
  /** Where those were that were killed. */
  kills: Place[]
  /** What those had told last. */
  told: string[]
  /** Processes that failed by themselves, by code. */
  failures: string[]
}

/** So many processes in a row may fail by themselves. */
const patience = 50

/**
 * Starts an export again and again, until it comes to its end.
 *
 * @param moment when the next process is to be killed, in things that it did; undefined for never
 * @throws {AssertionError} when what a process left is not in order.
 */
export async function killUntilDone(
  killed: KillableExport,
  moment: () => number | undefined,
): Promise<Course> {
  const course: Omit<Course, 'report'> = { starts: 0, kills: [], told: [], failures: [] }
  let failed = 0
  for (;;) {
    course.starts += 1
    // One that has nothing left to do is of no more interest.
    const isOver = course.kills.at(-1) === 'committed'
    const { report, signal, stderr, told } = await killed.start(isOver ? undefined : moment())
    if (report !== undefined) return { ...course, report }
    const place = await killed.place()
    if (signal === 'SIGKILL') {
      failed = 0
      course.kills.push(place)
      course.told.push(told.at(-1) ?? 'nothing')
    } else {
      failed += 1
      course.failures.push(/code: '(\w+)'/.exec(stderr)?.[1] ?? stderr)
      if (failed > patience) throw new Error(stderr)
    }
  }
}

/** Says of some exports where their processes were when they were killed, as a table. */
export function tellKills(t: Test, courses: readonly Course[]): void {
  const kills = courses.flatMap(course => course.kills)
  const told = courses.flatMap(course => course.told)
  const failures = courses.flatMap(course => course.failures)
  const times = (values: readonly string[], wanted: string) =>
    String(values.filter(value => value === wanted).length).padStart(5)
  t.comment(`${kills.length} kills of ${courses.length} exports, by what they left:`)
  for (const place of places) t.comment(`${times(kills, place)} ${place}`)
  t.comment('by what the process had told last ("." leads, else a letter for a call to a file):')
  for (const letter of new Set(told)) t.comment(`${times(told, letter)} ${letter}`)
  for (const code of new Set(failures)) t.comment(`${times(failures, code)} failed by themselves: ${code}`)
}
