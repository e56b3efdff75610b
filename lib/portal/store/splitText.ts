import { randomUUID } from 'node:crypto'

/** The text of a lead's JSON in three pieces; joined, they equal the result of `JSON.stringify`. */
export type TextPieces = readonly [head: string, events: string, tail: string]

/** Replaces the events while the rest is converted to text; random, so that no lead contains it. */
const placeholder = randomUUID()

/**
 * Splits the JSON of a lead around the value of `leadConversionEvents`. A lead without that field is all head, with
 * "" as its events.
 */
export function splitText(lead: Readonly<Record<string, unknown>>): TextPieces {
  const { leadConversionEvents: events } = lead
  if (events === undefined) return [JSON.stringify(lead), '', '']
  const text = JSON.stringify({ ...lead, leadConversionEvents: placeholder })
  const [head = '', tail = ''] = text.split(`"${placeholder}"`)
  return [head, JSON.stringify(events), tail]
}
