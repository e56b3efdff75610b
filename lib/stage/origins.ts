import type { Place } from './Rejected.ts'

/** Where a lead came from. */
export interface Origin extends Place {
  /** The lead's own text, as the portal sent it. */
  raw: string
}

const origins = new WeakMap<object, Origin>()

/** Keeps a lead's origin for as long as the lead itself. */
export function setOrigin(lead: object, origin: Origin): void {
  origins.set(lead, origin)
}

/** A lead's origin, where it was kept and the lead is still the object that was decoded. */
export function originOf(lead: unknown): Origin | undefined {
  return typeof lead === 'object' && lead !== null ? origins.get(lead) : undefined
}
