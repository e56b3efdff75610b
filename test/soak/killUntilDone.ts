import type { Report } from '../../lib/index.ts'
import type { KillableExport, Place } from '../support/KillableExport.ts'

/** What became of the processes of one export. */
export interface Course {
  report: Report
  starts: number
  kills: number
  /** Processes that failed by themselves, by code. */
  failures: string[]
  /** Where those were that were killed. */
  places: Place[]
}

/** So many processes in a row may fail by themselves. */
const patience = 50

/**
 * Starts an export again and again, until it comes to its end.
 *
 * @param moment when the next process is to be killed, in things that it did; undefined for never
 */
export async function killUntilDone(
  killed: KillableExport,
  moment: () => number | undefined,
): Promise<Course> {
  const course: Omit<Course, 'report'> = { starts: 0, kills: 0, failures: [], places: [] }
  let failed = 0
  for (;;) {
    course.starts += 1
    const isOver = course.places.at(-1) === 'finished'
    const { report, signal, stderr } = await killed.start(isOver ? undefined : moment())
    if (report !== undefined) return { ...course, report }
    if (signal === 'SIGKILL') {
      course.kills += 1
      failed = 0
      course.places.push(await killed.place())
    } else {
      failed += 1
      course.failures.push(/code: '(\w+)'/.exec(stderr)?.[1] ?? stderr)
      await killed.place()
      if (failed > patience) throw new Error(stderr)
    }
  }
}
