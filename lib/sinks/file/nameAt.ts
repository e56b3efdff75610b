/**
 * A path with its placeholders filled in: `{date}` is the UTC day, `2026-03-01`, and `{time}` the UTC second,
 * `2026-03-01T09-30-00Z`. What else stands in braces stays as it is.
 */
export function nameAt(path: string, time: Date): string {
  const second = `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  return path.replaceAll('{date}', second.slice(0, 10)).replaceAll('{time}', second)
}
