/** Values of properties, as they may be given in code. */
export type Properties = Readonly<Record<string, string | number | boolean | null>>

/**
 * A record of your own. Values of properties may be texts, numbers, booleans or null; they are kept as text, as
 * HubSpot keeps them. The times of its creation and of its last modification are those of its properties
 * `createdate` (or `hs_createdate`) and `hs_lastmodifieddate` (contacts: `lastmodifieddate`), in ISO 8601 or in
 * milliseconds since 1970; default: now.
 */
export interface NewRecord {
  /** A whole number from 1 to 9007199254740991. Not for contacts. Default: 7 more than the highest. */
  readonly id?: string | number | undefined
  readonly properties?: Properties | undefined
  /** Default: false. */
  readonly archived?: boolean | undefined
  /** The ids of associated records, by the name or type id of their type. Default: none. */
  readonly associations?: Readonly<Record<string, readonly (string | number)[]>> | undefined
}
