import { LeadsClient } from '../hubspot/LeadsClient.ts'
import { checkQuery, type LeadsQuery } from '../lead/LeadsQuery.ts'
import { optionError, typeOf } from '../options/checkOptions.ts'
import { LeadSource } from './LeadSource.ts'
import { type LeadsOptions, leadsSettings } from './options.ts'
import { pagingOf } from './planOf.ts'

/**
 * Every lead of a portal that a query matches, as a Readable of leads.
 *
 * They come in the order of (time pivot, guid), each once, whatever is inserted or deleted meanwhile; in the server's
 * order where the query sorts (see the option `paging`). A pivot of 0 or none (never closed, never converted) comes
 * first. What has no guid, or a pivot that is no whole number, comes once behind the lead that it stands behind in the
 * server's list, told apart by its text.
 *
 * Nothing is requested before the first read. The stream fails with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT, DECODE, PAGING or MISSING, with SOURCE when the guids of the query can't be taken, with OPTION when an
 * iterable of them gives one that is no string or an empty one, or with the reason of `signal`.
 *
 * @param client whose portal to read; it is not closed
 * @param query the API's own parameters, in its own spelling; default: every lead that is not deleted
 * @param options everything that is leadpipe's: limit, decode, signal and more
 * @throws {LeadpipeError} OPTION, for a wrong or misplaced parameter.
 *
 * @example
 * ```ts
 * for await (const lead of leads(client, { search: 'hubspot' }, { limit: 10 })) console.log(lead.email)
 * ```
 */
export function leads(client: LeadsClient, query?: LeadsQuery, options?: LeadsOptions): LeadSource {
  if (!(client instanceof LeadsClient)) {
    // What it holds may be a token: `leads({ accessToken })`.
    throw optionError(
      'leads() client',
      'expected a LeadsClient (new LeadsClient({ accessToken }))',
      typeOf(client),
      true,
    )
  }
  const checked = checkQuery(query)
  const settings = leadsSettings(options)
  pagingOf(checked, settings)
  return new LeadSource(client, checked, settings)
}
