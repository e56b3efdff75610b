import type { LegacyContact } from '../../crm/LegacyContact.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import {
  LegacyContactsPager,
  type LegacyCursor,
  type LegacyRequest,
} from '../../paging/crm/LegacyContactsPager.ts'
import { sequentialPlan } from '../../paging/Pager.ts'
import type { SourceOpening } from '../../stage/SourceStage.ts'
import { clientPages, type Target } from '../clientPages.ts'
import { ListRun, type ListState } from '../ListRun.ts'
import { objectOf } from '../objectOf.ts'
import type { ContactsAsLeadsSettings } from './leadOptions.ts'

/** Reads the old list of contacts once: which submissions belong to which contact, and their guids of 2011. */
export class LegacyContactsRun extends ListRun<LegacyContact, LegacyRequest, LegacyCursor> {
  constructor(
    client: HubSpotClient,
    settings: ContactsAsLeadsSettings,
    { state, ...opening }: SourceOpening,
  ) {
    const { decode, maxRecordBytes, maxDepth, readAheadBytes, signal } = settings
    const saved = state as (ListState & { position: LegacyCursor }) | undefined
    const start = saved?.position ?? { vids: [] }
    super(
      {
        name: 'contacts',
        client,
        plan: sequentialPlan(new LegacyContactsPager(start), start),
        pages: hooks =>
          clientPages<LegacyContact, LegacyRequest>({
            ...{ client, target, elements: ['contacts'] },
            recordOf: objectOf('a contact', false),
            ...{ decode, maxDepth, rejected: 'fail' },
            ...{ maxLeadBytes: maxRecordBytes, sizeOption: 'maxRecordBytes' },
            ...hooks,
          }),
        positionOf: ({ cursor }) => cursor,
        ...{ limit: Number.POSITIVE_INFINITY, readAheadBytes, signal },
      },
      opening,
      { ...saved },
    )
  }
}

function target({ max, vidOffset }: LegacyRequest): Target {
  const query = new URLSearchParams({ count: String(max), formSubmissionMode: 'all', property: 'email' })
  if (vidOffset !== undefined) query.set('vidOffset', vidOffset)
  return { path: '/contacts/v1/lists/all/contacts/all', query: query.toString() }
}
