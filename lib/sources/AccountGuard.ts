import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../lead/Lead.ts'
import { Rejected } from '../stage/Rejected.ts'

/**
 * Refuses leads of another account than those before a restart. All accounts share one origin: only the leads themselves
 * say whose they are, by their `portalId`.
 */
export class AccountGuard {
  #id: number | undefined
  #isSeen = false

  /** @param id the portal of the leads before a restart, if they said it */
  constructor(id?: number) {
    this.#id = id
  }

  /** The portal of the first lead that said so, before a restart or since; undefined if none did. */
  get id(): number | undefined {
    return this.#id
  }

  /**
   * Looks at a lead that is going to be delivered; of those that say whose they are, only at the first.
   *
   * @throws {LeadpipeError} CHECKPOINT when it is of another portal than those before the restart.
   */
  check(lead: Lead | Rejected): void {
    if (this.#isSeen || lead instanceof Rejected || typeof lead.portalId !== 'number') return
    const { portalId } = lead
    this.#isSeen = true
    this.#id ??= portalId
    if (this.#id === portalId) return
    const whose = `the leads are of portal ${portalId}, those of the checkpoint of portal ${this.#id}`
    throw new LeadpipeError('CHECKPOINT', `${whose}: is the access token another account's?`, {
      context: { portalId, expected: this.#id },
    })
  }
}
