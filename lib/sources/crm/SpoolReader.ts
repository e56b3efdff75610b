import { labelsOf } from '../../crm/conversionEvents.ts'
import type { Form } from '../../crm/Form.ts'
import type { FormSubmission } from '../../crm/FormSubmission.ts'
import { idOfLegacy, type LegacyContact, leadGuidOf } from '../../crm/LegacyContact.ts'
import { LeadpipeError } from '../../errors.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import type { Batch, SourceOpening, SourceRun } from '../../stage/SourceStage.ts'
import type { ListState } from '../ListRun.ts'
import type { Spool } from '../spool/Spool.ts'
import { FormSubmissionsRun, type FormsFacts } from './FormSubmissionsRun.ts'
import { formSubmissionsOptions, formsOptions } from './formOptions.ts'
import { FormsRun } from './forms.ts'
import { LegacyContactsRun } from './LegacyContactsRun.ts'
import type { ContactsAsLeadsSettings } from './leadOptions.ts'

/** What a spool was filled from. */
export interface SpoolFacts {
  readonly forms?: FormsFacts
  /** Submissions that were read. */
  readonly submissions: number
  /** Contacts that the old list returned; or the status with which the portal refused the list. */
  readonly legacyContacts?: number | { readonly status: number }
}

/** The state of a list that is read into a spool. `status`: the portal refused it. */
type SpooledState = Partial<ListState> & { status?: number }

/** A list of `T` that is read into a spool. */
interface SpooledList<T, R extends SourceRun<T>> {
  /** The name of its state in the spool. */
  readonly name: string
  open(opening: SourceOpening): R
  add(record: T): void
  /** Called when it was read to its end. */
  ended?(run: R): void
}

/**
 * Reads the forms, their submissions and the old list of contacts into a spool, one after the other. How far each came is
 * committed with its rows. So a restart continues there, and does not read what it has.
 */
export class SpoolReader {
  readonly #client: HubSpotClient
  readonly #settings: ContactsAsLeadsSettings
  readonly #spool: Spool
  readonly #fail: SourceOpening['fail']
  /** The list that is being read. */
  #close: (() => Promise<void>) | undefined
  #isStopped = false

  constructor(
    client: HubSpotClient,
    settings: ContactsAsLeadsSettings,
    spool: Spool,
    fail: SourceOpening['fail'],
  ) {
    this.#client = client
    this.#settings = settings
    this.#spool = spool
    this.#fail = fail
  }

  /** What the spool has so far. */
  get facts(): SpoolFacts {
    const [submissions, legacy] = [this.#state('submissions'), this.#state('legacy')]
    const forms = this.#spool.get('formsFacts') as FormsFacts | undefined
    const { status } = legacy
    return {
      ...(forms === undefined ? {} : { forms }),
      submissions: submissions.counts?.delivered ?? 0,
      ...(this.#settings.legacyContacts
        ? { legacyContacts: status === undefined ? (legacy.counts?.delivered ?? 0) : { status } }
        : {}),
    }
  }

  /** Reads everything that is missing. Returns false if it was stopped before the end. */
  async read(): Promise<boolean> {
    const isRead =
      (await this.#readList(this.#forms())) &&
      (await this.#readList(this.#submissions())) &&
      (!this.#settings.legacyContacts || (await this.#readLegacy()))
    if (isRead) this.#spool.index()
    return isRead
  }

  /** Ends the reading. Resolves when connections are released, and what was read is committed. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#close?.()
  }

  #forms(): SpooledList<Form, FormsRun> {
    return {
      name: 'forms',
      open: opening => new FormsRun(this.#client, formsOptions(this.#reading), opening),
      add: form => this.#spool.addForm(form.id, labelsOf(form)),
    }
  }

  #submissions(): SpooledList<FormSubmission, FormSubmissionsRun> {
    const settings = formSubmissionsOptions({ ...this.#reading, lag: this.#settings.lag })
    return {
      name: 'submissions',
      open: opening => new FormSubmissionsRun(this.#client, settings, opening),
      add: submission => this.#spool.addSubmission(submission),
      ended: run => this.#spool.set('formsFacts', run.forms),
    }
  }

  #legacyContacts(): SpooledList<LegacyContact, LegacyContactsRun> {
    return {
      name: 'legacy',
      open: opening => new LegacyContactsRun(this.#client, this.#settings, opening),
      add: contact => {
        const id = idOfLegacy(contact)
        const guid = this.#settings.guid === 'legacy' ? leadGuidOf(contact) : undefined
        if (guid !== undefined) this.#spool.addGuid(id, guid)
        for (const submission of contact['form-submissions'] ?? []) {
          const { 'conversion-id': conversionId, 'form-id': form, 'page-title': pageTitle } = submission
          this.#spool.addClaim({ contact: id, conversionId, form, at: submission.timestamp, pageTitle })
        }
      },
    }
  }

  /** Reads the old list. If the portal does not serve it, or not to this token, nothing of it is used. */
  async #readLegacy(): Promise<boolean> {
    try {
      return await this.#readList(this.#legacyContacts())
    } catch (error) {
      const { status = 0 } = error instanceof LeadpipeError ? (error.context as { status?: number }) : {}
      const isRefused = [403, 404, 410].includes(status) && this.#settings.guid !== 'legacy'
      if (!isRefused) throw error
      this.#spool.transaction(() => {
        this.#spool.run('DELETE FROM claim')
        this.#spool.set('legacy', { ended: true, status })
      })
      return true
    }
  }

  /** @returns false if it was stopped before the end of the list */
  async #readList<T, R extends SourceRun<T>>(list: SpooledList<T, R>): Promise<boolean> {
    const state = this.#state(list.name)
    if (state.ended) return true
    if (this.#isStopped) return false
    const isNew = state.position === undefined
    const run = list.open({
      ...(isNew ? {} : { state }),
      wants: { rejected: false, origins: false },
      fail: this.#fail,
    })
    let last: { batch: Batch<T>; length: number } | undefined
    this.#close = () => run.close(last?.batch, last?.length ?? 0)
    const save = () => this.#spool.set(list.name, run.save(last?.batch, last?.length ?? 0))
    try {
      for (let batch = await run.next(); batch !== undefined; batch = await run.next()) {
        last = { batch, length: 0 }
        for (const record of batch.items) {
          list.add(record as T)
          last.length += 1
        }
        if (!this.#spool.isCommitDue) continue
        save()
        this.#spool.commit()
      }
      const { ended } = run.save(last?.batch, last?.length ?? 0) as ListState
      if (ended) list.ended?.(run)
      return ended
    } finally {
      await this.#close()
      this.#close = undefined
      if (last !== undefined) save()
      this.#spool.commit()
    }
  }

  #state(name: string): SpooledState {
    return (this.#spool.get(name) ?? {}) as SpooledState
  }

  get #reading() {
    const { decode, maxRecordBytes, maxDepth, readAheadBytes, signal } = this.#settings
    return { decode, maxRecordBytes, maxDepth, readAheadBytes, signal }
  }
}
