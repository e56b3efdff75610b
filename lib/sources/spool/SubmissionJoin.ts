import type { AnyRecord } from '../../crm/CrmRecord.ts'
import {
  type ContactSubmissions,
  contactSubmissions,
  type NamedSubmission,
} from '../../crm/contactSubmissions.ts'
import type { FormLabels, JoinedSubmission } from '../../crm/conversionEvents.ts'
import type { FormSubmission } from '../../crm/FormSubmission.ts'
import type { Spool } from './Spool.ts'

/** How many submissions were found in which way. */
export interface JoinCounts {
  /** The old list of contacts names their `conversionId`. */
  conversionId: number
  /** The contact, or that list, names their form and time. */
  time: number
  /** They have an address of the contact, which has more submissions than it names. */
  email: number
}

export const noJoins = (): JoinCounts => ({ conversionId: 0, time: 0, email: 0 })

/** A submission that matches no contact, with its place. */
export interface UnmatchedRow {
  readonly id: number
  readonly submission: FormSubmission
}

interface Row {
  readonly id: number
  readonly text: string
}

/** A submission that is named and not found yet. */
interface Wanted extends NamedSubmission {
  readonly conversionId?: string | undefined
  readonly pageTitle?: string | undefined
}

const isFree = 'NOT EXISTS (SELECT 1 FROM taken WHERE taken.submission = submission.id)'
const hasAddress = 'email IN (SELECT value FROM json_each(?))'
/** What the old list ties to a contact belongs to that one only, whenever it comes. */
const isUnclaimed = `(conversionId IS NULL
  OR NOT EXISTS (SELECT 1 FROM claim WHERE claim.conversionId = submission.conversionId))`

/**
 * Finds the submissions of each contact in a spool. The contacts come one after the other, in ascending order.
 *
 * A submission belongs to at most one contact:
 *
 * 1. By its `conversionId`: the old list of contacts names it. No other contact gets it.
 * 2. By form and time: the contact names them. If more submissions have both than it names, those with one of its
 *    addresses.
 * 3. By address: if the contact counts more submissions than it names, those with one of its addresses, newest first.
 *
 * Which contact took a submission is stored (`taken`): the number of the contact in the run. A restart after contact N
 * first frees what later contacts took ({@link restart}). So the joins after a restart find exactly what those without a
 * restart found: they depend on the spool, on the contact, and on what earlier contacts took, and on nothing else.
 */
export class SubmissionJoin {
  readonly #spool: Spool
  readonly #labels: ReadonlyMap<string, FormLabels>

  /** @param spool complete, with its indexes */
  constructor(spool: Spool) {
    this.#spool = spool
    this.#labels = spool.labels()
  }

  /** Frees the submissions of the contacts after the first `contacts`. */
  restart(contacts: number): void {
    this.#spool.transaction(() => this.#spool.run('DELETE FROM taken WHERE contact > ?', contacts))
  }

  /** The guid of a contact as a lead of 2011; undefined if the old list has none. */
  leadGuid(id: string): string | undefined {
    return this.#spool.all<{ guid: string }>('SELECT guid FROM guid WHERE contact = ? LIMIT 1', id)[0]?.guid
  }

  /**
   * Takes the submissions of a contact.
   *
   * @param contact the next one
   * @param number of the contact in the run, from 1
   * @param counts to add to
   * @returns earliest first; those of equal time in reverse order of the API's list, which has the newest first
   */
  submissionsOf(contact: AnyRecord, number: number, counts: JoinCounts): JoinedSubmission[] {
    const facts = contactSubmissions(contact)
    const emails = JSON.stringify(facts.emails)
    const found: (JoinedSubmission & { id: number })[] = []
    const take = ({ id, text }: Row, how: keyof JoinCounts, wanted?: Wanted) => {
      this.#spool.run('INSERT INTO taken VALUES (?, ?)', id, number)
      counts[how] += 1
      const submission = JSON.parse(text) as FormSubmission
      const { conversionId, pageTitle } = wanted ?? {}
      found.push({ id, submission, conversionId, pageTitle, labels: this.#labels.get(submission.formGuid) })
    }
    const named = this.#named(facts)
    const missing = named.filter(wanted => {
      const { conversionId } = wanted
      const [row] = conversionId === undefined ? [] : this.#rows('conversionId = ?', [conversionId], 1)
      if (row !== undefined) take(row, 'conversionId', wanted)
      return row === undefined
    })
    const left = new Map<string, number>()
    for (const wanted of missing) add(left, keyOf(wanted), 1)
    for (const wanted of missing) {
      const place = [wanted.form, wanted.at]
      const times = add(left, keyOf(wanted), -1) + 1
      const rows = this.#rows(`form = ? AND at = ? AND ${isUnclaimed}`, place, times + 1)
      // As many as the contact names: all of them are its own.
      const [row] =
        rows.length <= times
          ? rows
          : this.#rows(`form = ? AND at = ? AND ${isUnclaimed} AND ${hasAddress}`, [...place, emails], 1)
      if (row !== undefined) take(row, 'time', wanted)
    }
    const more = Math.min(facts.count - named.length, Number.MAX_SAFE_INTEGER)
    if (more > 0) {
      for (const row of this.#rows(`${hasAddress} AND ${isUnclaimed}`, [emails], more)) take(row, 'email')
    }
    return found.sort((a, b) => a.submission.submittedAt - b.submission.submittedAt || b.id - a.id)
  }

  /** The number of submissions that no contact took, with ids above `after`. */
  countUnmatched(after = 0): number {
    const sql = `SELECT count(*) AS count FROM submission WHERE id > ? AND ${isFree}`
    return this.#spool.all<{ count: number }>(sql, after)[0]?.count ?? 0
  }

  /** Submissions that no contact took, in the order in which they were read. */
  unmatched(after: number, limit: number): UnmatchedRow[] {
    const sql = `SELECT id, text FROM submission WHERE id > ? AND ${isFree} ORDER BY id LIMIT ?`
    return this.#spool
      .all<Row>(sql, after, limit)
      .map(({ id, text }) => ({ id, submission: JSON.parse(text) as FormSubmission }))
  }

  /** What the old list names, and what only the contact itself names. */
  #named({ ids, named }: ContactSubmissions): Wanted[] {
    const sql = 'SELECT conversionId, form, at, pageTitle FROM claim WHERE contact = ?'
    const claims = ids.flatMap(id => this.#spool.all<Record<keyof Wanted, string | number | null>>(sql, id))
    const wanted = claims.map(({ conversionId, form, at, pageTitle }) => ({
      conversionId: (conversionId as string | null) ?? undefined,
      form: String(form),
      at: Number(at),
      pageTitle: (pageTitle as string | null) ?? undefined,
    }))
    const others = new Map<string, number>()
    for (const claim of wanted) add(others, keyOf(claim), 1)
    return [...wanted, ...named.filter(other => add(others, keyOf(other), -1) < 0)]
  }

  /** The newest free rows. */
  #rows(condition: string, values: (string | number)[], limit: number): Row[] {
    const sql = `SELECT id, text FROM submission WHERE ${condition} AND ${isFree} ORDER BY at DESC, id LIMIT ?`
    return this.#spool.all<Row>(sql, ...values, limit)
  }
}

const keyOf = ({ form, at }: NamedSubmission): string => `${form}:${at}`

function add(counts: Map<string, number>, key: string, by: number): number {
  const count = (counts.get(key) ?? 0) + by
  counts.set(key, count)
  return count
}
