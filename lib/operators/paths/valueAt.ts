/**
 * A function that reads what is at a dotted path: own keys only, numbers for the items of an array, undefined
 * where something is missing. A key that has the whole path as its name wins, since `project` makes such keys.
 */
export function valueAt(path: string): (value: unknown) => unknown {
  const keys = path.split('.')
  if (keys.length === 1) return value => own(value, path)
  return value => {
    if (isObject(value) && Object.hasOwn(value, path)) return value[path]
    let found: unknown = value
    for (const key of keys) found = own(found, key)
    return found
  }
}

function own(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
