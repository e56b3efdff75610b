import { mergedIdsProperty } from '../../crm/CrmRecord.ts'
import type { PropertyDefinition } from '../../crm/PropertyDefinition.ts'
import type { CrmPaths } from '../../hubspot/apiPaths.ts'
import type { CrmRequest } from '../../paging/crm/CrmRequest.ts'
import type { Target } from '../clientPages.ts'
import type { CrmSettings } from './options.ts'
import { modifiedProperty, searchBody } from './searchBody.ts'

/** The most characters of the names of properties and types in a URL: servers refuse longer ones with 414. */
const maxQueryLength = 8_000

/** What is requested of each record, and where. */
export class Selection {
  readonly #paths: CrmPaths
  readonly #type: string
  readonly #properties: readonly string[] | undefined
  readonly #history: readonly string[]
  /** The names as parameters of the list. */
  readonly #query: string
  /** The types of the properties by their names, if values are converted. */
  readonly types: ReadonlyMap<string, string> | undefined

  /** @param definitions of the type's properties; undefined if they are not needed */
  constructor(
    paths: CrmPaths,
    type: string,
    settings: CrmSettings,
    definitions: readonly PropertyDefinition[] | undefined,
  ) {
    const { properties, propertiesWithHistory, associations, types } = settings
    this.#paths = paths
    this.#type = type
    this.#properties = properties === 'all' ? definitions?.map(({ name }) => name) : properties
    this.#history = propertiesWithHistory
    this.#query = [
      ...names('properties', this.#properties ?? []),
      ...names('propertiesWithHistory', propertiesWithHistory),
      ...names('associations', associations),
    ].join('&')
    this.types = types && definitions ? new Map(definitions.map(({ name, type }) => [name, type])) : undefined
  }

  /** Whether the names do not fit into a URL: the list is then read for the ids, and the records by their ids. */
  get byId(): boolean {
    return this.#query.length > maxQueryLength
  }

  /** Whether `hs_merged_object_ids` is requested although the user did not ask for it. */
  get hidesMergedIds(): boolean {
    return !this.#properties?.includes(mergedIdsProperty)
  }

  /** Where a request goes. */
  target(request: CrmRequest): Target {
    if (request.kind === 'associations') {
      return { path: this.#paths.associations(this.#type, request.to), body: { inputs: request.inputs } }
    }
    if (request.kind === 'search') {
      return { path: this.#paths.search(this.#type), body: searchBody(request, modifiedProperty(this.#type)) }
    }
    const archived = request.archived ? ['archived=true'] : []
    if (request.kind === 'list') {
      const { max, after } = request
      const selected = this.byId ? 'properties=hs_object_id' : this.#query
      const place = after === undefined ? [] : [`after=${encodeURIComponent(after)}`]
      const query = [`limit=${max}`, ...place, ...archived, ...(selected === '' ? [] : [selected])].join('&')
      return { path: this.#paths.objects(this.#type), query }
    }
    return {
      path: this.#paths.batchRead(this.#type),
      query: archived.join('&'),
      body: {
        inputs: request.ids.map(id => ({ id })),
        ...(this.#properties === undefined ? {} : { properties: this.#batchProperties }),
        propertiesWithHistory: this.#history,
      },
    }
  }

  get #batchProperties(): readonly string[] {
    const { length } = this.#properties ?? []
    return length > 0 && this.hidesMergedIds
      ? [...(this.#properties ?? []), mergedIdsProperty]
      : (this.#properties ?? [])
  }
}

const names = (parameter: string, list: readonly string[]): string[] =>
  list.length === 0 ? [] : [`${parameter}=${list.map(encodeURIComponent).join(',')}`]
