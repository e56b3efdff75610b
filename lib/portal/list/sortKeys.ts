import { leadSchema } from '../../lead/Lead.ts'

/** The attributes of a lead, by which a list can be sorted. */
export const leadAttributes: readonly string[] = Object.keys(leadSchema.properties)

/**
 * From the valid values of `sort` to the store's sort key: an attribute of the lead, or a time that is calculated
 * from its events.
 */
export const sortKeys: ReadonlyMap<string, string> = new Map([
  ...leadAttributes.map(name => [name, name] as const),
  // HubSpot's own client sends these two: the first and the last conversion event.
  ['fce.convertDate', 'firstConvertedAt'],
  ['lce.convertDate', 'lastEventAt'],
  // A typo in the API's documentation that real portals have accepted.
  ['insteredAt', 'insertedAt'],
])
