import { expressDecoder } from '../decode/expressDecoder.ts'
import { streamJsonDecoder } from '../decode/streamJsonDecoder.ts'
import type { LeadpipeError } from '../errors.ts'
import type { Answer, LeadsClient } from '../hubspot/LeadsClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import { serializeQuery } from '../lead/serializeQuery.ts'
import { type PageMessage, pageChannel } from '../observe/channels.ts'
import { setOrigin } from '../stage/origins.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { SourceOpening } from '../stage/SourceStage.ts'
import { leadOf } from './leadOf.ts'
import type { LeadsSettings } from './options.ts'
import type { PageSource } from './readStretch.ts'
import type { SourceCounts } from './SourceCounts.ts'

/** Where the Leads API lists leads. */
export const listPath = '/leads/v1/list'

const decoders = { express: expressDecoder, 'stream-json': streamJsonDecoder }

/** What pages of leads are read with. */
export interface LeadPages {
  readonly client: LeadsClient
  readonly settings: LeadsSettings
  readonly counts: SourceCounts
  readonly wants: SourceOpening['wants']
  /** Called with the headers of each answer. */
  answered(headers: Answer['headers']): void
}

/** The pages of the Leads API. */
export function leadPages({
  client,
  settings,
  counts,
  wants,
  answered,
}: LeadPages): PageSource<Lead, PageQuery> {
  const { maxLeadBytes, maxDepth, decode } = settings
  const limits = { maxLeadBytes, maxDepth, rejected: wants.rejected ? 'hand on' : 'fail' } as const
  const onRetry = () => {
    counts.retries += 1
  }
  const onRequest = () => {
    counts.requests += 1
  }
  let pages = 0
  return {
    origin: client.origin,
    counts,
    pageTimeout: client.pageTimeout,
    number() {
      pages += 1
      return pages
    },
    async ask(query, signal) {
      const { headers, body } = await client.get(listPath, serializeQuery(query), {
        signal,
        onRequest,
        onRetry,
      })
      answered(headers)
      return body
    },
    decoder: page => decoders[decode]({ page, path: [], ...limits }),
    recordOf(element) {
      const lead = leadOf(element)
      if (wants.origins && !(lead instanceof Rejected)) {
        setOrigin(lead, { ...element.place, raw: element.raw ?? JSON.stringify(lead) })
      }
      return lead
    },
    async backOff(error, failures, signal) {
      // Requests have their own retries; only what happened in the middle of a body is repeated here.
      if (typeof (error as LeadpipeError).context?.offset !== 'number') throw error
      await client.backOff(error, failures, listPath, { signal, onRetry })
    },
    paged(page, leads, bytes) {
      pageChannel.publish({ page, leads, bytes } satisfies PageMessage)
    },
  }
}
