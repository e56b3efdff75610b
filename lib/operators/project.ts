import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'
import { checkName, checkPath, type Path, type ValueAt, valueAt } from './paths.ts'

/** From new name to path, or to a function of the value. */
export type Mapping<T> = Readonly<Record<string, Path<T> | ((value: T) => unknown)>>

/** The type of the records that `project` makes of T with a list of paths: flat keys, named by the paths. */
export type Picked<T, P extends string> = { [K in P]: ValueAt<T, K> }

/** The type of the records that `project` makes of T with a mapping. */
export type Projected<T, M> = {
  -readonly [K in keyof M]: M[K] extends (value: never) => infer R
    ? R
    : M[K] extends string
      ? ValueAt<T, M[K]>
      : never
}

/**
 * Makes a flat record of each value: from a list of dotted paths, with keys named by the paths, or from a mapping of
 * new name to path or function. The value of a missing path is undefined, which JSON omits.
 *
 * To leave out a field is not enough to leave out a person's data: what was typed into a form is repeated in the form
 * values, `leadConversionEvents[].formSubmissionValues` (`formValue` after `explodeFormValues`). `mask` knows both.
 *
 * @throws {LeadpipeError} OPTION for an empty list or mapping, or an entry that is not a path.
 *
 * @example
 * ```ts
 * project(['guid', 'crmDetails.status'])
 * project({ id: 'guid', name: (lead: Lead) => `${lead.firstName} ${lead.lastName}` })
 * ```
 */
export function project<T, const P extends Path<T>>(paths: readonly P[]): Operator<T, Picked<T, P>>
export function project<T, const M extends Mapping<T>>(mapping: M): Operator<T, Projected<T, M>>
export function project(selection: readonly string[] | Mapping<unknown>): Operator<unknown, unknown> {
  const fields = fieldsOf('project()', selection)
  return new Operator<unknown, unknown>([
    {
      name: 'project',
      stateless: true,
      options: shown(selection),
      functions: Object.values(selection).filter(from => typeof from === 'function'),
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          const record: Record<string, unknown> = {}
          for (const [name, read] of fields) record[name] = read(value)
          emit(record)
        },
      }),
    },
  ])
}

/** A list or mapping as plain JSON that includes the order, which is the order of a record's fields. Functions are not JSON. */
export function shown(selection: readonly string[] | Mapping<unknown>): unknown {
  if (isList(selection)) return { paths: [...selection] }
  return {
    mapping: Object.entries(selection).map(([name, from]) => [
      name,
      typeof from === 'function' ? { function: true } : from,
    ]),
  }
}

const isList = (selection: readonly string[] | Mapping<unknown>): selection is readonly string[] =>
  Array.isArray(selection)

/** The name of a field, and how its value is read from a record. */
export type Field = [name: string, read: (value: unknown) => unknown]

/**
 * The fields that a list of paths or a mapping describes.
 *
 * @param option the option that has them; undefined for the argument of `project`
 * @throws {LeadpipeError} OPTION
 */
export function fieldsOf(owner: string, selection: unknown, option?: string): Field[] {
  const wrong = (expected: string, value: unknown) =>
    optionError({ owner, ...(option === undefined ? {} : { option }), expected, received: describe(value) })
  const named = (name: string) => (option === undefined ? name : `${option}.${name}`)
  if (typeof selection !== 'object' || selection === null) {
    throw wrong('a list of paths, or a mapping of new name to path or function', selection)
  }
  const fields = Array.isArray(selection)
    ? selection.map((path, index): Field => {
        const checked = checkPath(owner, named(`path ${index + 1}`), path)
        return [checked, valueAt(checked)]
      })
    : Object.entries(selection).map(
        ([name, from]): Field => [
          name,
          typeof from === 'function' ? from : valueAt(checkPath(owner, named(name), from)),
        ],
      )
  if (fields.length === 0) throw wrong('at least one path', selection)
  for (const [name] of fields) if (name === '__proto__') checkName(owner, option, name)
  return fields
}
