import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'
import { changeAt, checkPath, type EachPath, removed, type Without } from './paths.ts'

/**
 * A copy of each value without what is at the paths; `*` stands for every item of an array. A path that is missing in a
 * value leaves it as it is. Paths mean the places in the value as it arrives: `omit('tags.0', 'tags.1')` leaves out the
 * first two tags.
 *
 * To leave out a person's data, use `mask`: what was typed into a form is repeated in the form values.
 *
 * @param paths dotted paths, at least one
 * @throws {LeadpipeError} OPTION for no path, or something else than a path.
 *
 * @example
 * ```ts
 * omit('analyticsDetails', 'crmDetails.nextAction', 'leadConversionEvents.*.formSubmissionValues')
 * ```
 */
export function omit<T, const P extends EachPath<T>>(...paths: P[]): Operator<T, Without<T, P>>
export function omit(...paths: string[]): Operator<unknown, unknown> {
  if (paths.length === 0)
    throw optionError({ owner: 'omit()', expected: 'at least one path', received: 'none' })
  for (const [index, path] of paths.entries()) checkPath('omit()', `path ${index + 1}`, path)
  // The later items of an array first: leaving one out moves those after it.
  const changes = paths.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })).map(changeAt)
  return new Operator<unknown, unknown>([
    {
      name: 'omit',
      stateless: true,
      options: { paths },
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          emit(changes.reduce((rest, change) => change(rest, () => removed), value))
        },
      }),
    },
  ])
}
