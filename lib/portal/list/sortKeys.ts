import { leadSchema } from '../../lead/Lead.ts'

/** The attributes of a lead: what a list can be sorted by. */
export const leadAttributes: readonly string[] = Object.keys(leadSchema.properties)

/**
 * From the names that `sort` may have to what the store sorts by: an attribute of the lead, or a time that
 * is made from its events.
 */
export const sortKeys: ReadonlyMap<string, string> = new Map([
  ...leadAttributes.map(name => [name, name] as const),
  // HubSpot's own client sends these two: the first and the last conversion event.
  ['fce.convertDate', 'firstConvertedAt'],
  ['lce.convertDate', 'lastEventAt'],
  // A typo of the API's documentation, which portals have answered.
  ['insteredAt', 'insertedAt'],
])
