import { LeadpipeError } from '../../errors.ts'
import { maxGuids } from '../../model/apiQuirks.ts'
import { optionError } from '../../model/checkOptions.ts'
import type { PageQuery } from '../../model/LeadsQuery.ts'
import type { Pager } from './Pager.ts'

/** What became of the guids that were asked for. */
export interface Missing {
  /** How many did not come. */
  count: number
  /** The first 1,000 of them. */
  guids: string[]
}

/** A pager that knows what did not come. */
export interface GuidsPager extends Pager {
  readonly missing: Readonly<Missing>
  /** Lets go of the guids that were not taken. */
  close(): void
}

const listed = 1_000

/**
 * Asks for leads by guid, up to 100 a page, each guid once however often it is given. What a page did not
 * bring is asked for again as long as the server may have capped it; what then still does not come is missing.
 *
 * Remembers every guid that was given, to ask for each once: about 100 bytes a guid.
 *
 * @param query the other parameters
 * @param onMissing 'fail' ends the source with MISSING at the first page that lacks a lead
 */
export function guidsPager(
  query: PageQuery,
  guids: Iterable<string> | AsyncIterable<string>,
  onMissing: 'report' | 'fail',
): GuidsPager {
  const size = Math.min(query.max ?? maxGuids, maxGuids)
  const iterator = Symbol.asyncIterator in guids ? guids[Symbol.asyncIterator]() : guids[Symbol.iterator]()
  const given = new Set<string>()
  const missing: Missing = { count: 0, guids: [] }
  /** Taken, and not here yet. */
  const pending = new Set<string>()
  /** Those of them that were asked for last. */
  let asked: string[] = []
  /** The most leads that a page brought: a shorter one was not capped. */
  let largest = 0
  /** How many of those asked for the page has brought so far. */
  let came = 0
  let ended = false

  async function fill(): Promise<void> {
    while (pending.size < size && !ended) {
      const { done, value } = await next()
      if (done) ended = true
      else add(value)
    }
  }

  async function next(): Promise<IteratorResult<unknown>> {
    try {
      return await iterator.next()
    } catch (cause) {
      ended = true
      throw takingError(cause)
    }
  }

  function add(guid: unknown): void {
    if (typeof guid !== 'string' || guid === '') {
      throw optionError('leads() query: guids', 'expected guids, strings that are not empty', guid)
    }
    if (given.has(guid)) return
    given.add(guid)
    pending.add(guid)
  }

  function giveUp(): void {
    const absent = asked.filter(guid => pending.delete(guid))
    if (absent.length > 0 && onMissing === 'fail') {
      throw new LeadpipeError(
        'MISSING',
        `${absent.length === 1 ? 'a lead' : `${absent.length} leads`} asked for by guid did not come, such as ${absent[0]}`,
        { context: { guids: absent } },
      )
    }
    missing.count += absent.length
    missing.guids.push(...absent.slice(0, listed - missing.guids.length))
  }

  return {
    missing,
    async next(wanted) {
      if (wanted <= 0) return undefined
      if (pending.size === 0) await fill()
      if (pending.size === 0) return undefined
      const max = Math.min(size, wanted)
      asked = [...pending].slice(0, max)
      return { ...query, max, guids: asked }
    },
    saw(guid) {
      if (guid !== undefined && pending.delete(guid)) came += 1
    },
    finish(received) {
      // A server that answers other leads than it was asked for must not be asked without end. One that
      // answered as many elements as it was asked for capped nothing, even if some of them are no leads.
      if (came === 0 || received < largest || received >= asked.length) giveUp()
      largest = Math.max(largest, received)
      came = 0
    },
    interrupt() {
      const progress = came > 0
      came = 0
      return progress
    },
    close() {
      if (ended) return
      ended = true
      // It may never come back from what it is waiting for, and how it ends is of no interest any more.
      Promise.resolve()
        .then(() => iterator.return?.())
        .catch(() => {})
    },
  }
}

/** The iterable is the user's, and so is what it throws; unless it reads from a source of ours. */
function takingError(cause: unknown): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new LeadpipeError('SOURCE', `leads() query: guids: ${why}`, { cause })
}
