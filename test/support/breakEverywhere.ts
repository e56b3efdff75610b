import { deepStrictEqual } from 'node:assert/strict'
import type { Test } from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import type { Position } from '../../lib/lead/Position.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { chanceOf } from './chanceOf.ts'
import { type Drifting, DriftingPortal, type DriftOptions } from './DriftingPortal.ts'

export const throughJson = (position: Position): Position => JSON.parse(JSON.stringify(position))

interface Part {
  guids: string[]
  position: Position
}

/** Reads so many leads, then leaves the loop. */
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
  return { guids, position: throughJson(source.position) }
}

/** Breaks the loop at every lead there is, and goes on; says where the parts are not the whole. */
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

/** Leads with so many of each time, one time after the other. */
export function tied(...counts: number[]): Drifting[] {
  const chance = chanceOf(counts.length)
  return counts.flatMap((count, time) =>
    Array.from({ length: count }, (_, n) => ({
      guid: `${Math.floor(chance() * 1e6)}-${n}`,
      insertedAt: 1_300_000_000_000 + time,
      isDeleted: false,
    })),
  )
}

export const inOrder = (list: readonly Drifting[]) =>
  list.toSorted((a, b) => a.insertedAt - b.insertedAt || (a.guid < b.guid ? -1 : 1)).map(({ guid }) => guid)

const still: DriftOptions = {
  startTime: 'exclusive',
  stopTime: 'inclusive',
  cap: 100,
  reorder: true,
  descends: true,
  cuts: 0,
  drift: () => {},
}

export function drifting(t: Test, list: readonly Drifting[], options: Partial<DriftOptions> = {}) {
  return new DriftingPortal(list, { ...still, ...options }, chanceOf(3)).start(t)
}
