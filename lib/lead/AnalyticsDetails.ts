import type { Static } from 'typebox'
import { flag, ours, readOnly, text, time, whole } from './field.ts'
import { Type } from './Type.ts'

/** JSON Schema of what the portal's analytics collected about a lead. Unknown fields are allowed and kept. */
export const analyticsDetailsSchema = Type.Object(
  {
    allViewsImported: flag(readOnly, ours("Whether all of the lead's page views are in.")),
    countsModifiedAt: time(readOnly, ours('When the counts last changed.')),
    firstVisitAt: time(readOnly, ours('The first visit.')),
    id: text(readOnly, ours('The ID of the lead.')),
    lastPageViewAt: time(readOnly, ours('The last page view.')),
    lastVisitAt: time(readOnly, ours('The last visit.')),
    leadGuid: text(readOnly, ours('The guid of the lead.')),
    leadId: whole(readOnly, 'Internal ID of a lead.'),
    pageViewCount: whole(readOnly, ours('How many pages the lead viewed.')),
    portalId: whole(readOnly, "The HubSpot Hub ID or portal ID that you're working in."),
    userToken: text(readOnly, ours("The visitor's cookie, as in the lead.")),
    visitCount: whole(readOnly, ours('How many visits the lead made.')),
  },
  {
    description:
      'All fields in this object are not editable. These fields represent certain analytics within the lead object that we collect.',
  },
)

/** What the portal's analytics collected about a lead. */
export interface AnalyticsDetails extends Static<typeof analyticsDetailsSchema> {}
