import { createHash } from 'node:crypto'
import { describe, LeadpipeError, messageOf } from '../errors.ts'
import { maxGuids } from '../lead/apiQuirks.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import type { GuidsPosition } from '../lead/Position.ts'
import { optionError } from '../options/checkOptions.ts'
import {
  type Element,
  type EmitElement,
  guidOf,
  type LeadPlan,
  type Missing,
  type Pager,
} from './LeadPlan.ts'
import { sequentialPlan } from './Pager.ts'

/**
 * Requests leads by guid: one stretch, page after page, because each request depends on the previous answers.
 *
 * @param from where to resume; default: at the first guid
 */
export function guidsPlan(request: GuidsRequest, from?: GuidsPosition): LeadPlan<GuidsCursor> {
  const start: GuidsCursor = {
    taken: from?.guids ?? 0,
    pending: from?.pending ?? [],
    missing: from?.missing ?? 0,
    ...(from?.digest === undefined ? {} : { digest: from.digest }),
  }
  const pager = new GuidsPager(request, start)
  return {
    ...sequentialPlan(pager, start),
    missing: pager.missing,
    missingAt: ({ missing }) => ({ count: missing, guids: pager.missing.guids.slice(0, missing) }),
    countQuery: () => request.query,
    position: ({ taken, pending, missing, digest }) => ({
      paging: 'guids',
      guids: taken,
      pending,
      missing,
      ...(digest === undefined ? {} : { digest }),
    }),
    close: () => pager.close(),
  }
}

const maxListed = 1_000

/** Where reading by guid resumes. */
export interface GuidsCursor {
  /** How many different guids were taken from the iterable. */
  readonly taken: number
  /** Those of them whose leads have not arrived yet. */
  readonly pending: readonly string[]
  /** How many leads were missing up to there. */
  readonly missing: number
  /** A digest of the taken guids; undefined before the first, and if the user's position has none. */
  readonly digest?: string
}

/** The request that a {@link GuidsPager} serves. */
export interface GuidsRequest {
  /** The other parameters. */
  query: PageQuery
  guids: Iterable<string> | AsyncIterable<string>
  /** 'fail' fails the source with MISSING at the first missing lead. */
  onMissing: 'report' | 'fail'
  /** Whether it resumes from a checkpoint, and not from a user's position. Default: false. */
  isCheckpoint?: boolean
}

/**
 * Requests leads by guid, up to 100 a page. A guid that occurs several times is requested once. Leads that a page
 * lacks are requested again as long as the server may have capped the page; leads that then still lack are missing.
 */
export class GuidsPager implements Pager<GuidsCursor> {
  /** The leads that the server did not return. */
  readonly missing: Missing = { count: 0, guids: [] }
  readonly #request: GuidsRequest
  readonly #size: number
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>
  readonly #seen = new Set<string>()
  /** Guids whose leads have not arrived yet. */
  readonly #pending: Set<string>
  /** Where it resumes. */
  readonly #from: GuidsCursor
  /** Hash of every taken guid; a digest is made from a copy of it. */
  readonly #hash = createHash('sha256')
  #digest: string | undefined
  /** The pending guids of the last request. */
  #requested: string[] = []
  /** The number of leads in the largest page so far: a shorter page was not capped. */
  #largestPage = 0
  /** How many of the requested leads have arrived in the page so far. */
  #arrived = 0
  #ended = false

  /** @param from where to resume: the guids must be the same, in the same order, which `next` checks */
  constructor(request: GuidsRequest, from: GuidsCursor) {
    const { query, guids } = request
    this.#request = request
    this.#size = Math.min(query.max ?? maxGuids, maxGuids)
    this.#iterator = Symbol.asyncIterator in guids ? guids[Symbol.asyncIterator]() : guids[Symbol.iterator]()
    this.#from = from
    this.#digest = from.digest
    this.#pending = new Set(from.pending)
  }

  async next(wanted: number): Promise<PageQuery | undefined> {
    if (wanted <= 0) return undefined
    await this.#skip()
    if (this.#pending.size === 0) await this.#fillPending()
    if (this.#pending.size === 0) return undefined
    const max = Math.min(this.#size, wanted)
    this.#requested = [...this.#pending].slice(0, max)
    return { ...this.#request.query, max, guids: this.#requested }
  }

  take(element: Element, emit: EmitElement<GuidsCursor>): undefined {
    const guid = guidOf(element)
    if (guid !== undefined && this.#pending.delete(guid)) this.#arrived += 1
    emit(element, this.#cursor())
  }

  finish(received: number): void {
    // A server that answers with other leads than the requested ones must not be requested forever. A page with as many
    // elements as requested was not capped, even if some of them are not leads.
    if (this.#arrived === 0 || received < this.#largestPage || received >= this.#requested.length)
      this.#recordMissing()
    this.#largestPage = Math.max(this.#largestPage, received)
    this.#arrived = 0
  }

  interrupt(): boolean {
    const progress = this.#arrived > 0
    this.#arrived = 0
    return progress
  }

  /** Ends the iterable of guids. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    // The iterable may wait forever, and its outcome does not matter any more.
    Promise.resolve()
      .then(() => this.#iterator.return?.())
      .catch(() => {})
  }

  #cursor(): GuidsCursor {
    return {
      taken: this.#seen.size,
      pending: [...this.#pending],
      missing: this.missing.count,
      ...(this.#digest === undefined ? {} : { digest: this.#digest }),
    }
  }

  /**
   * Skips the guids that were taken before the restart.
   *
   * @throws {LeadpipeError} CHECKPOINT, or OPTION for a user's position, if they are not the same guids.
   */
  async #skip(): Promise<void> {
    const { taken, digest } = this.#from
    if (this.#seen.size >= taken) return
    while (this.#seen.size < taken && !this.#ended) await this.#readGuid()
    this.#digest = this.#digestNow()
    if (digest !== undefined && this.#digest !== digest) throw this.#differentGuids(taken)
  }

  async #fillPending(): Promise<void> {
    while (this.#pending.size < this.#size && !this.#ended) {
      const guid = await this.#readGuid()
      if (guid !== undefined) this.#pending.add(guid)
    }
    this.#digest = this.#digestNow()
  }

  /** Takes the next guid of the iterable; undefined if there is none, or if it was taken before. */
  async #readGuid(): Promise<string | undefined> {
    const { done, value } = await this.#nextGuid()
    if (done) {
      this.#ended = true
      return undefined
    }
    const guid = checkGuid(value)
    if (this.#seen.has(guid)) return undefined
    this.#seen.add(guid)
    this.#hash.update(JSON.stringify(guid))
    return guid
  }

  #digestNow(): string {
    return this.#hash.copy().digest('hex')
  }

  async #nextGuid(): Promise<IteratorResult<unknown>> {
    try {
      return await this.#iterator.next()
    } catch (cause) {
      this.#ended = true
      throw iterableError(cause)
    }
  }

  #differentGuids(taken: number): LeadpipeError {
    if (!this.#request.isCheckpoint) {
      const expected = 'a position of the same guids in the same order'
      const received = `one whose first ${taken} guids are different`
      return optionError({ owner: 'leads()', option: 'from', expected, received })
    }
    const problem = `the first ${taken} guids of the query are not those of the checkpoint`
    const remedy = 'give the same guids in the same order, or delete the checkpoint to start again'
    return new LeadpipeError('CHECKPOINT', problem, { context: { remedy } })
  }

  #recordMissing(): void {
    const { missing } = this
    const absent = this.#requested.filter(guid => this.#pending.delete(guid))
    if (absent.length > 0 && this.#request.onMissing === 'fail') {
      throw new LeadpipeError(
        'MISSING',
        `the portal did not return ${absent.length === 1 ? 'a lead' : `${absent.length} leads`} requested by guid, such as ${absent[0]}`,
        { context: { guids: absent } },
      )
    }
    missing.count += absent.length
    missing.guids.push(...absent.slice(0, maxListed - missing.guids.length))
  }
}

function checkGuid(guid: unknown): string {
  if (typeof guid === 'string' && guid !== '') return guid
  const expected = 'guids, strings that are not empty'
  throw optionError({ owner: 'leads()', option: 'guids', expected, received: describe(guid) })
}

/** What the user's iterable throws is wrapped in SOURCE, unless it is leadpipe's own error. */
function iterableError(cause: unknown): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  return new LeadpipeError('SOURCE', `the iterable of guids failed: ${messageOf(cause)}`, { cause })
}
