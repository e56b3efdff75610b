import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'
import {
  changeAt,
  checkName,
  checkPath,
  type Path,
  removed,
  type ValueAt,
  valueAt,
  type Without,
} from './paths.ts'

/** From new name to path. */
export type NewNames<T> = Readonly<Record<string, Path<T>>>

/** The type of the records that `rename` makes of T. */
export type Renamed<T, M extends Readonly<Record<string, string>>> = Without<T, M[keyof M]> & {
  -readonly [K in keyof M as undefined extends ValueAt<T, M[K]> ? never : K]: ValueAt<T, M[K]>
} & { -readonly [K in keyof M as undefined extends ValueAt<T, M[K]> ? K : never]?: ValueAt<T, M[K]> }

/**
 * A copy of each value in which fields have other names. The new name is that of a field at the top; dots in it are part
 * of the name, as in `project`. A field of the top level keeps its place among the others; one from further below is
 * taken out of there, and comes last. A path that is missing adds no field.
 *
 * Two fields may swap their names. A new name that another field of the value has is refused with OPERATOR, because a
 * field would be lost.
 *
 * @param names from new name to dotted path
 * @throws {LeadpipeError} OPTION for no names, something else than a path, and paths that are the same or within one
 * another.
 *
 * @example
 * ```ts
 * rename({ id: 'guid', status: 'crmDetails.status' })
 * ```
 */
export function rename<T, const M extends NewNames<T>>(names: M): Operator<T, Renamed<T, M>>
export function rename(names: Readonly<Record<string, string>>): Operator<unknown, unknown> {
  const fields = checkNames(names)
  const nameOf = new Map(fields.map(({ to, from }) => [from, to]))
  return new Operator<unknown, unknown>([
    {
      name: 'rename',
      stateless: true,
      options: { names: fields.map(({ to, from }) => [to, from]) },
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          const found = fields.filter(({ read }) => read(value) !== undefined)
          if (found.length === 0) return emit(value)
          const rest = found.reduce((left, { change }) => change(left, () => removed), value) as object
          for (const { to } of found) {
            if (Object.hasOwn(rest, to)) throw new TypeError(`the value already has a field "${to}"`)
          }
          const top = Object.entries(value as object).flatMap(([key, field]) => {
            const to = nameOf.get(key)
            if (to !== undefined && field !== undefined) return [[to, field]]
            return Object.hasOwn(rest, key) ? [[key, rest[key as never]]] : []
          })
          const below = found.filter(({ from }) => !Object.hasOwn(value as object, from))
          emit(Object.fromEntries([...top, ...below.map(({ to, read }) => [to, read(value)])]))
        },
      }),
    },
  ])
}

const owner = 'rename()'

function checkNames(names: unknown) {
  if (
    typeof names !== 'object' ||
    names === null ||
    Array.isArray(names) ||
    Object.keys(names).length === 0
  ) {
    const expected = 'an object of new name to path'
    throw optionError({ owner, expected, received: describe(names) })
  }
  const fields = Object.entries(names).map(([name, path]) => {
    const from = checkPath(owner, name, path)
    return { to: checkName(owner, undefined, name), from, read: valueAt(from), change: changeAt(from) }
  })
  for (const { to, from } of fields) {
    const other = fields.find(field => field.to !== to && `${field.from}.`.startsWith(`${from}.`))
    if (other === undefined) continue
    const expected = `a path that is not within ${describe(from)}`
    throw optionError({
      owner,
      option: other.to,
      expected,
      with: { option: to },
      received: describe(other.from),
    })
  }
  return fields
}
