import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../lead/Lead.ts'
import { Rejected } from '../stage/Rejected.ts'

/**
 * Refuses records of a different account than those before a restart. All accounts share one origin: only the `portalId`
 * identifies an account.
 */
export class AccountGuard {
  readonly #records: string
  #id: number | undefined
  #isSeen = false

  /**
   * @param records what is read, in words
   * @param id the portal of the records before a restart, if it was known
   */
  constructor(records: string, id?: number) {
    this.#records = records
    this.#id = id
  }

  /** The portal of the first lead with a `portalId`, before a restart or since; undefined if there was none. */
  get id(): number | undefined {
    return this.#id
  }

  /**
   * Checks a lead before it is delivered. Only the first lead with a `portalId` is checked.
   *
   * @throws {LeadpipeError} CHECKPOINT when it is of a different portal than those before the restart.
   */
  checkLead(lead: Lead | Rejected): void {
    if (!this.#isSeen && !(lead instanceof Rejected)) this.check(lead.portalId)
  }

  /**
   * Checks the account that is read; undefined if it is unknown.
   *
   * @throws {LeadpipeError} CHECKPOINT when it is not that of the records before the restart.
   */
  check(portalId: unknown): void {
    if (typeof portalId !== 'number') return
    this.#isSeen = true
    this.#id ??= portalId
    if (this.#id === portalId) return
    const problem = `the ${this.#records} are of portal ${portalId}, and those before the restart are of portal ${this.#id}`
    const remedy = 'give an access token of the same account, or delete the checkpoint to start again'
    throw new LeadpipeError('CHECKPOINT', problem, {
      context: { saved: this.#id, now: portalId, remedy },
    })
  }
}
