/** A number with thousands separated, the same everywhere. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** "1 lead", "2 leads". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Bytes in the unit that reads best. */
export function size(bytes: number): string {
  if (bytes < 1_000) return plural(bytes, 'byte')
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1_000
  let unit = 0
  // 999,960 bytes are 1.0 MB: what rounds to 1,000 belongs to the next unit.
  while (Number(value.toFixed(1)) >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${value.toFixed(1)} ${units[unit]}`
}

/** Milliseconds in words: tenths of a second below a minute, else what is complete. */
export function span(milliseconds: number): string {
  const tenths = (milliseconds / 1_000).toFixed(1)
  if (Number(tenths) < 60) return `${tenths} s`
  const seconds = Math.max(60, Math.floor(milliseconds / 1_000))
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
