import type { PageFault } from '../faults/Fault.ts'

/** The first half of a page, if a fault says so: at least one record, unless the page is empty. */
export function shortened<T>(page: readonly T[], faults: readonly PageFault[]): readonly T[] {
  const isShort = faults.some(({ kind }) => kind === 'short')
  return isShort ? page.slice(0, Math.ceil(page.length / 2)) : page
}
