import type { StoreSettings } from '../checkOptions.ts'
import type { LeadSource } from '../leads/leadSource.ts'
import { PortalError } from '../PortalError.ts'
import type { Meta } from './meta.ts'
import { databaseName } from './storeError.ts'

/**
 * Checks that a database with leads holds the requested ones. Without `leads`, it may hold any (of the seed, if one
 * is given). A user's own leads never count as equal.
 *
 * @throws PortalError STORE when it holds others.
 */
export function checkHeld({ leads, recipe }: Meta, source: LeadSource, settings: StoreSettings): void {
  const wanted = source.recipe
  const isSame = settings.leads === undefined ? isSameSeed(settings, recipe) : isSameRecipe(recipe, wanted)
  if (isSame) return
  const held = recipe === undefined ? `own or changed leads (${leads} of them)` : describe(recipe)
  const wantedLeads = wanted === undefined ? source.name : describe(wanted)
  throw new PortalError(
    'STORE',
    `${databaseName(settings.db)} holds ${held}, not ${wantedLeads}: name another file, or give neither leads nor seed to serve these`,
  )
}

type MaybeRecipe = LeadSource['recipe']

function isSameSeed({ seed }: StoreSettings, recipe: MaybeRecipe): boolean {
  return seed === undefined || seed === recipe?.seed
}

function isSameRecipe(a: MaybeRecipe, b: MaybeRecipe): boolean {
  if (a === undefined || b === undefined) return false
  return a.generator === b.generator && a.seed === b.seed && a.count === b.count
}

function describe({ generator, seed, count }: NonNullable<MaybeRecipe>): string {
  return `${count} leads generated from seed ${seed} (generator ${generator})`
}
