/** The flags whose names are not the option's own. */
const renamed: Readonly<Record<string, string>> = { guids: 'guid', rateLimit: 'rate' }

/**
 * The flag that gave an option, as the user writes it: `--rate (requests)` for `rateLimit.requests`.
 *
 * @param option the path of the option in the API
 * @param flags what was given, by commander's names
 * @returns undefined when no flag gave it
 */
export function flagOf(option: string, flags: object): string | undefined {
  // The path of a checkpoint is all that --checkpoint holds.
  const names = option
    .replace(/^checkpoint\.path$/, 'checkpoint')
    .split('.')
    .map(name => renamed[name] ?? name)
  const index = names.findLastIndex(name => (flags as Record<string, unknown>)[name] !== undefined)
  const flag = names[index]?.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
  const inside = names.slice(index + 1).join('.')
  return flag === undefined ? undefined : `--${flag}${inside === '' ? '' : ` (${inside})`}`
}
