import { deepStrictEqual } from 'node:assert/strict'
import type { Test } from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import type { Position } from '../../lib/lead/Position.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { type DriftingLead, DriftingPortal, type DriftOptions } from './DriftingPortal.ts'
import { jsonCopy } from './jsonCopy.ts'
import { seededRandom } from './seededRandom.ts'

interface Part {
  guids: string[]
  position: Position
}

/** Reads `count` leads, then leaves the loop. */
export async function readSome(
  client: HubSpotClient,
  query: LeadsQuery,
  options: LeadsOptions,
  count: number,
): Promise<Part> {
  const source = leads(client, { ...query, ...options })
  const guids: string[] = []
  if (count > 0) {
    for await (const { guid } of source) {
      guids.push(guid)
      if (guids.length === count) break
    }
  }
  return { guids, position: jsonCopy(source.position) }
}

/** Leaves the loop after each number of leads and resumes; throws if both parts are not the whole list. */
export async function breakEverywhere(
  client: HubSpotClient,
  query: () => LeadsQuery,
  expected: readonly string[],
  options: LeadsOptions = {},
): Promise<void> {
  for (let count = 0; count <= expected.length; count += 1) {
    const { guids, position } = await readSome(client, query(), options, count)
    deepStrictEqual(position.leads, count)
    const rest = await readSome(client, query(), { ...options, from: position }, Number.POSITIVE_INFINITY)
    const whole = [...guids, ...rest.guids]
    deepStrictEqual(whole, expected, `left at ${count} of ${expected.length}: ${JSON.stringify(position)}`)
    deepStrictEqual(rest.position.leads, expected.length)
  }
}

/** Leads with `counts[n]` ties at the n-th time. */
export function tied(...counts: number[]): DriftingLead[] {
  const chance = seededRandom(counts.length)
  return counts.flatMap((count, time) =>
    Array.from({ length: count }, (_, n) => ({
      guid: `${Math.floor(chance() * 1e6)}-${n}`,
      insertedAt: 1_300_000_000_000 + time,
      isDeleted: false,
    })),
  )
}

/** The guids of a list by time, then by guid. */
export const guidsByTime = (list: readonly DriftingLead[]) =>
  list.toSorted((a, b) => a.insertedAt - b.insertedAt || (a.guid < b.guid ? -1 : 1)).map(({ guid }) => guid)

const unchanging: DriftOptions = {
  startTime: 'exclusive',
  stopTime: 'inclusive',
  cap: 100,
  reorder: true,
  descends: true,
  cuts: 0,
  drift: () => {},
}

/** Starts a portal whose list does not change, unless `drift` does. */
export function driftingPortal(t: Test, list: readonly DriftingLead[], options: Partial<DriftOptions> = {}) {
  return new DriftingPortal(list, { ...unchanging, ...options }, seededRandom(3)).start(t)
}
