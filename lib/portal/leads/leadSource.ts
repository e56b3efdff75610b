import { generateLeads, generatorVersion } from '../data/generateLeads.ts'
import type { PortalOptions } from '../PortalOptions.ts'
import { givenLeads } from './givenLeads.ts'
import { readLeadFile } from './readLeadFile.ts'

/** Identifies the generated leads; equal recipes make equal leads. */
export interface Recipe {
  readonly generator: number
  readonly seed: number
  readonly count: number
}

/** The origin of the store's leads. */
export interface LeadSource {
  /** Its name in messages. */
  readonly name: string
  /** Undefined for a user's own leads: two such sources can't be compared. */
  readonly recipe: Recipe | undefined
  /** Plain objects, as in JSON. Reading them may throw PortalError LEADS. */
  readonly leads: Iterable<object> | AsyncIterable<object>
}

const defaultCount = 1_000

/** The source for the options `leads` and `seed`. Nothing is opened before it is read. */
export function leadSource(leads: PortalOptions['leads'] = defaultCount, seed = 1): LeadSource {
  if (typeof leads === 'string') return { name: leads, recipe: undefined, leads: readLeadFile(leads) }
  if (typeof leads === 'object') {
    return { name: 'the given leads', recipe: undefined, leads: givenLeads(leads) }
  }
  return {
    name: 'the generated leads',
    recipe: { generator: generatorVersion, seed, count: leads },
    leads: generateLeads({ count: leads, seed }),
  }
}
