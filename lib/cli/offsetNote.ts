import type { LeadSource, LeadsQuery } from '../index.ts'

/** What is to be said where a list is read by offset only because of how the query orders it. */
export function offsetNote(
  { position }: LeadSource,
  { sort, dir, offset, max }: LeadsQuery,
): string | undefined {
  if (position.paging !== 'offset') return undefined
  const reasons = Object.entries({ sort, dir, offset, max: max === 1 ? max : undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (name === 'max' ? `--max ${value}` : `--${name}`))
  return `read by offset because of ${reasons.join(' and ')}: leads may be missed, or come twice, when others are inserted or deleted meanwhile (--paging offset says that this is meant)`
}
