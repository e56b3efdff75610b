/** The versions of HubSpot's CRM APIs that a client can use. */
export const apiVersions = ['2026-09', '2026-03', 'v3'] as const

/** One of {@link apiVersions}. */
export type ApiVersion = (typeof apiVersions)[number]

/** The paths of the CRM APIs in one version. A type is the name or the ID of an object type: `contacts`, `0-1`. */
export interface CrmPaths {
  /** Lists the records of a type. */
  objects(type: string): string
  /** Searches the records of a type. */
  search(type: string): string
  /** Reads up to 100 records of a type by their IDs. */
  batchRead(type: string): string
  /** The definitions of the properties of a type. */
  properties(type: string): string
  /** Reads which records of the type `to` are associated with up to 1,000 of the type `from`. */
  associations(from: string, to: string): string
}

/** The paths of the CRM APIs in a version. */
export function crmPaths(version: ApiVersion): CrmPaths {
  const isDated = version !== 'v3'
  const objects = isDated ? `/crm/objects/${version}` : '/crm/v3/objects'
  const properties = isDated ? `/crm/properties/${version}` : '/crm/v3/properties'
  // The third version of this API has other answers: v4 is the one that the dated versions continue.
  const associations = isDated ? `/crm/associations/${version}` : '/crm/v4/associations'
  const list = (type: string) => `${objects}/${encodeURIComponent(type)}`
  return {
    objects: list,
    search: type => `${list(type)}/search`,
    batchRead: type => `${list(type)}/batch/read`,
    properties: type => `${properties}/${encodeURIComponent(type)}`,
    associations: (from, to) =>
      `${associations}/${encodeURIComponent(from)}/${encodeURIComponent(to)}/batch/read`,
  }
}

/** Groups of requests that a portal counts apart from each other. */
export const requestGroups = ['main', 'search', 'associations'] as const

/** One of {@link requestGroups}. */
export type RequestGroup = (typeof requestGroups)[number]

/** The group in which a portal counts the requests of a path. */
export function requestGroupOf(path: string): RequestGroup {
  if (/^\/crm\/(v\d+\/objects|objects\/[^/]+)\/[^/]+\/search$/.test(path)) return 'search'
  if (/^\/crm\/(v4\/associations|associations\/[^/]+|v4\/objects\/[^/]+\/[^/]+\/associations)\//.test(path)) {
    return 'associations'
  }
  return 'main'
}

/** Whether a path belongs to the Leads API of 2011, which takes its credentials in the URL. */
export const isLeadsApi = (path: string): boolean => path.startsWith('/leads/v1/')
