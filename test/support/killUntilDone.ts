import type { Test } from 'tap'
import type { Report } from '../../lib/index.ts'
import { type KillableExport, type Place, places } from './KillableExport.ts'

/** The history of the processes of one export. */
export interface Course {
  report: Report
  starts: number
  /** How far the killed processes were. */
  kills: Place[]
  /** The last activity of the killed processes. */
  lastActivities: string[]
  /** The error codes of processes that failed by themselves. */
  failures: string[]
}

/** The most processes in a row that may fail by themselves. */
const patience = 50

/**
 * Starts an export again and again until it finishes.
 *
 * @param moment the number of activities after which the next process is killed; undefined for never
 * @throws {AssertionError} if the files that a process left are not consistent.
 */
export async function killUntilDone(
  killed: KillableExport,
  moment: () => number | undefined,
): Promise<Course> {
  const course: Omit<Course, 'report'> = { starts: 0, kills: [], lastActivities: [], failures: [] }
  let failed = 0
  for (;;) {
    course.starts += 1
    // A process after the commit has nothing left to do, so it is not killed.
    const isOver = course.kills.at(-1) === 'committed'
    const { report, signal, stderr, activity } = await killed.start(isOver ? undefined : moment())
    if (report !== undefined) return { ...course, report }
    const place = await killed.place()
    if (signal === 'SIGKILL') {
      failed = 0
      course.kills.push(place)
      course.lastActivities.push(activity.at(-1) ?? 'nothing')
    } else {
      failed += 1
      course.failures.push(/code: '(\w+)'/.exec(stderr)?.[1] ?? stderr)
      if (failed > patience) throw new Error(stderr)
    }
  }
}

/** Comments a table of how far the processes of some exports were when they were killed. */
export function reportKills(t: Test, courses: readonly Course[]): void {
  const kills = courses.flatMap(course => course.kills)
  const activities = courses.flatMap(course => course.lastActivities)
  const failures = courses.flatMap(course => course.failures)
  const times = (values: readonly string[], wanted: string) =>
    String(values.filter(value => value === wanted).length).padStart(5)
  t.comment(`${kills.length} kills of ${courses.length} exports, by the files that they left:`)
  for (const place of places) t.comment(`${times(kills, place)} ${place}`)
  t.comment('by the last activity ("." for leads, else a letter for a call to a file):')
  for (const letter of new Set(activities)) t.comment(`${times(activities, letter)} ${letter}`)
  for (const code of new Set(failures)) t.comment(`${times(failures, code)} failed by themselves: ${code}`)
}
