import type { Lead } from '../../lead/Lead.ts'
import { checkCount, checkNames, checkSeed } from '../checkOption.ts'
import { arrivals } from './arrivals.ts'
import { makeLead } from './makeLead.ts'
import { Random } from './Random.ts'

/**
 * The version of the data. It is raised by every change of the leads of a seed, so that a database file with old
 * leads is not taken for one with new leads.
 */
export const generatorVersion = 1

/** The options of `generateLeads`. */
export interface GenerateOptions {
  /** Number of leads: a whole number from 0 to 100,000,000. Required. */
  count: number
  /** A whole number from 0 to 4294967295. The same seed gives the same leads. Default: 1. */
  seed?: number | undefined
}

/**
 * Generates leads like those of real portals: many scripts, every kind of character that breaks an export, imports
 * that put hundreds of leads on one millisecond, 2010 to 2013.
 *
 * The leads are created one by one while they are read, again for each iteration. A seed gives the same leads, byte
 * for byte, on every machine, and the first hundred of a thousand equal the hundred alone.
 *
 * @throws PortalError OPTION when the count or the seed is invalid.
 */
export function generateLeads(options: GenerateOptions): Iterable<Lead> {
  const owner = 'generateLeads()'
  checkNames(options, ['count', 'seed'], { owner })
  const { seed = 1 } = options
  const count = checkCount('count', options.count, owner)
  checkSeed('seed', seed, owner)
  return { [Symbol.iterator]: () => leadsOf(count, seed) }
}

function* leadsOf(count: number, seed: number): Generator<Lead> {
  const random = new Random(seed)
  for (const arrival of arrivals(random, count)) yield makeLead(random, arrival)
}
