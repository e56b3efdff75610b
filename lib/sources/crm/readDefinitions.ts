import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { checkProperties, definitionsIn, type PropertyDefinition } from '../../crm/PropertyDefinition.ts'
import { LeadpipeError } from '../../errors.ts'
import type { Watcher } from '../../http/Requester.ts'
import { type HubSpotClient, reading } from '../../hubspot/HubSpotClient.ts'
import type { Target } from '../clientPages.ts'
import type { CrmSettings } from './options.ts'

/**
 * Reads the definitions of a type's properties, if the options need them, and checks the names in the options.
 *
 * @throws {LeadpipeError} OPTION for a property that the type does not have
 */
export async function readDefinitions(
  client: HubSpotClient,
  type: string,
  { properties, propertiesWithHistory, types }: CrmSettings,
  options: Watcher & { signal: AbortSignal },
): Promise<readonly PropertyDefinition[] | undefined> {
  const named = Array.isArray(properties) ? properties : []
  if (properties === undefined && propertiesWithHistory.length === 0 && !types) return undefined
  const read = async (query: string) => {
    const path = client[reading].paths.properties(type)
    const definitions = definitionsIn(await client[reading].json(path, query, options))
    if (definitions !== undefined) return definitions
    const problem = `${client.origin}${path}: expected the definitions of properties at "results", found none`
    throw new LeadpipeError('DECODE', problem, { context: { problem: 'malformed' } })
  }
  const definitions = [...(await read(''))]
  const isUnknown = (name: string) => !definitions.some(definition => definition.name === name)
  for (const sensitivity of ['sensitive', 'highly_sensitive']) {
    if (![...named, ...propertiesWithHistory].some(isUnknown)) break
    definitions.push(...(await read(`dataSensitivity=${sensitivity}`).catch(ifRefused)))
  }
  checkProperties('properties', named, type, definitions)
  checkProperties('propertiesWithHistory', propertiesWithHistory, type, definitions)
  return definitions
}

/**
 * The names of the properties that records have if none are requested: those of the first record of the list.
 *
 * @param list where the list is requested
 */
export async function defaultProperties(
  client: HubSpotClient,
  { path, query = '' }: Target,
  options: Watcher & { signal: AbortSignal },
): Promise<readonly string[]> {
  const { results } = ((await client[reading].json(path, query, options)) ?? {}) as { results?: unknown }
  const [first] = Array.isArray(results) ? (results as Partial<AnyRecord>[]) : []
  return Object.keys(first?.properties ?? { hs_object_id: null })
}

/** A token may lack the scope for sensitive properties, or a server may not know them: then there are none. */
function ifRefused(error: unknown): readonly PropertyDefinition[] {
  const isRefused = error instanceof LeadpipeError && (error.code === 'AUTH' || error.code === 'HTTP')
  if (isRefused && !error.retryable) return []
  throw error
}
