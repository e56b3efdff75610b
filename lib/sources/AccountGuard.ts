import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../lead/Lead.ts'
import { Rejected } from '../stage/Rejected.ts'

/**
 * Refuses leads of a different account than those before a restart. All accounts share one origin: only the `portalId`
 * of a lead identifies its account.
 */
export class AccountGuard {
  #id: number | undefined
  #isSeen = false

  /** @param id the portal of the leads before a restart, if they had a `portalId` */
  constructor(id?: number) {
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
  check(lead: Lead | Rejected): void {
    if (this.#isSeen || lead instanceof Rejected || typeof lead.portalId !== 'number') return
    const { portalId } = lead
    this.#isSeen = true
    this.#id ??= portalId
    if (this.#id === portalId) return
    const problem = `the leads are of portal ${portalId}, and those before the restart are of portal ${this.#id}`
    const remedy = 'give an access token of the same account, or delete the checkpoint to start again'
    throw new LeadpipeError('CHECKPOINT', problem, {
      context: { saved: this.#id, now: portalId, remedy },
    })
  }
}
