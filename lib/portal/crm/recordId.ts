/*
 * Record ids of real portals grow, with jumps of orders of magnitude. Here they follow from the number of the row, so
 * no column holds them.
 */

const early = 1_000
const earlyBase = 100_000
const earlyStep = 51
const lateBase = 57_156_000_000
const lateStep = 7

/**
 * The record id of the lead with this `seq`: ids ascend with `seq`, with gaps between them.
 *
 * @param seq a whole number from 1
 */
export function recordIdOf(seq: number): string {
  return String(seq <= early ? earlyBase + earlyStep * seq : lateBase + lateStep * seq)
}

/** The `seq` of the lead with this record id; undefined if no lead can have it. */
export function seqOfRecordId(id: string): number | undefined {
  if (!/^[1-9]\d{5,15}$/.test(id)) return undefined
  const number = Number(id)
  const seq = number < lateBase ? (number - earlyBase) / earlyStep : (number - lateBase) / lateStep
  return Number.isSafeInteger(seq) && seq >= 1 && recordIdOf(seq) === id ? seq : undefined
}
