import { LeadpipeError } from '../errors.ts'

/** Number of values that must have been seen before a share of them is checked. */
const enough = 1_000

/** Limits the number of invalid values: by a count, or by a share below 1 of all values seen. */
export interface InvalidBudget {
  /**
   * Throws when there are too many.
   *
   * @param why the problem of the last one, in words
   * @throws {LeadpipeError} INVALID_LEAD
   */
  check(invalid: number, seen: number, why: string): void
  /** The same at the end, when a share is checked even if there are few values. */
  checkAll(invalid: number, seen: number): void
}

/** @param most a whole number, or a share between 0 and 1; undefined for no limit */
export function invalidBudget(most: number | undefined): InvalidBudget {
  if (most === undefined) return { check() {}, checkAll() {} }
  const isShare = most > 0 && most < 1
  const remedy = { owner: 'validate()', option: 'maxInvalid', to: 'a higher number to continue' }
  const tooMany = (invalid: number, seen: number, why: string) => {
    const allowed = isShare ? `a share of ${most} is allowed` : `${most} are allowed`
    throw new LeadpipeError('INVALID_LEAD', `${invalid} of ${seen} leads are invalid, ${allowed}${why}`, {
      context: { invalid, seen, maxInvalid: most, remedy },
    })
  }
  const exceeded = (invalid: number, seen: number) => invalid > (isShare ? most * seen : most)
  return {
    check(invalid, seen, why) {
      if ((!isShare || seen >= enough) && exceeded(invalid, seen))
        tooMany(invalid, seen, `; the last: ${why}`)
    },
    checkAll(invalid, seen) {
      if (exceeded(invalid, seen)) tooMany(invalid, seen, '')
    },
  }
}
