import { LeadpipeError } from '../errors.ts'

/** Number of values after which a share of them is checked. */
const minSeen = 1_000

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

/** @param maxInvalid a whole number, or a share between 0 and 1; undefined for no limit */
export function invalidBudget(maxInvalid: number | undefined): InvalidBudget {
  if (maxInvalid === undefined) return { check() {}, checkAll() {} }
  const isShare = maxInvalid > 0 && maxInvalid < 1
  const remedy = { owner: 'validate()', option: 'maxInvalid', to: 'a higher number to continue' }
  const tooMany = (invalid: number, seen: number, why: string) => {
    const allowed = isShare ? `a share of ${maxInvalid} is allowed` : `${maxInvalid} are allowed`
    throw new LeadpipeError('INVALID_LEAD', `${invalid} of ${seen} records are invalid, ${allowed}${why}`, {
      context: { invalid, seen, maxInvalid, remedy },
    })
  }
  const exceeded = (invalid: number, seen: number) => invalid > (isShare ? maxInvalid * seen : maxInvalid)
  return {
    check(invalid, seen, why) {
      if ((!isShare || seen >= minSeen) && exceeded(invalid, seen))
        tooMany(invalid, seen, `; the last: ${why}`)
    },
    checkAll(invalid, seen) {
      if (exceeded(invalid, seen)) tooMany(invalid, seen, '')
    },
  }
}
