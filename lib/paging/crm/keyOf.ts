import { createHash } from 'node:crypto'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element } from '../Pager.ts'

/** Identifies an element that has no id, by its content. */
export function keyOf({ value, raw }: Element<object>): string {
  const text = value instanceof Rejected ? value.raw : (raw ?? JSON.stringify(value))
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
