import type { Lead } from '../../lead/Lead.ts'
import { checkCount, checkNames, checkSeed } from '../checkOption.ts'
import { arrivals } from './arrivals.ts'
import { makeLead } from './makeLead.ts'
import { Random } from './Random.ts'

/**
 * The version of the data. Every change of what a seed gives raises it, so that a database file that holds
 * the old leads is not taken for the new ones.
 */
export const generatorVersion = 1

/** What to generate. */
export interface GenerateOptions {
  /** How many leads: a whole number from 0 to 100,000,000. Required. */
  count: number
  /** A whole number from 0 to 4294967295. The same seed gives the same leads. Default: 1. */
  seed?: number | undefined
}

/**
 * Generates leads as real portals hold them: many scripts, every kind of character that spoils an export,
 * imports that put hundreds of leads on one millisecond, 2010 to 2013.
 *
 * The leads are made one by one while they are read, and anew each time. A seed gives the same leads, byte
 * for byte, on every machine, and the first hundred of a thousand are the hundred alone.
 *
 * @throws PortalError OPTION when the count or the seed is not as described.
 */
export function generateLeads(options: GenerateOptions): Iterable<Lead> {
  checkNames(options, ['count', 'seed'])
  const { seed = 1 } = options
  const count = checkCount('count', options.count)
  checkSeed('seed', seed)
  return { [Symbol.iterator]: () => leadsOf(count, seed) }
}

function* leadsOf(count: number, seed: number): Generator<Lead> {
  const random = new Random(seed)
  for (const arrival of arrivals(random, count)) yield makeLead(random, arrival)
}
