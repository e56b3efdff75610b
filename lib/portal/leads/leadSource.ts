import { generateLeads, generatorVersion } from '../data/generateLeads.ts'
import type { PortalOptions } from '../PortalOptions.ts'
import { givenLeads } from './givenLeads.ts'
import { readLeadFile } from './readLeadFile.ts'

/** Says which generated leads they are; equal recipes are equal leads. */
export interface Recipe {
  readonly generator: number
  readonly seed: number
  readonly count: number
}

/** Where the store gets its leads from. */
export interface LeadSource {
  /** What messages call it. */
  readonly name: string
  /** Undefined for a user's own leads: there is no telling whether two such sources are the same. */
  readonly recipe: Recipe | undefined
  /** Plain objects, as JSON holds them. Reading them may throw PortalError LEADS. */
  readonly leads: Iterable<object> | AsyncIterable<object>
}

const defaultCount = 1_000

/** The source that the options `leads` and `seed` stand for. Nothing is opened before it is read. */
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
