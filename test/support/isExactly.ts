/** Whether two types are identical, not only assignable to each other; intersections are resolved first. */
export type Same<A, B> =
  (<T>() => T extends Flat<A> ? 1 : 2) extends <T>() => T extends Flat<B> ? 1 : 2 ? true : false

type Flat<T> = T extends (...given: never[]) => unknown
  ? T
  : T extends object
    ? { [K in keyof T]: Flat<T[K]> }
    : T

/** Compiles only if the value's type is exactly Expected; returns the value. */
export function isExactly<Expected>() {
  return <Actual>(
    value: Actual,
    ..._wrong: Same<Actual, Expected> extends true ? [] : [{ expected: Expected; actual: Actual }]
  ): Actual => value
}
