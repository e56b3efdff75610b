import { randomUUID } from 'node:crypto'

/** The text of a lead's JSON in three pieces; joined, they are what `JSON.stringify` gives. */
export type TextPieces = readonly [head: string, events: string, tail: string]

/** Stands in the place of the events while the rest becomes text; in no lead by any chance. */
const placeholder = randomUUID()

/**
 * Cuts the JSON of a lead around the value of `leadConversionEvents`. A lead without that field is all head,
 * with "" as its events.
 */
export function splitText(lead: Readonly<Record<string, unknown>>): TextPieces {
  const { leadConversionEvents: events } = lead
  if (events === undefined) return [JSON.stringify(lead), '', '']
  const text = JSON.stringify({ ...lead, leadConversionEvents: placeholder })
  const [head = '', tail = ''] = text.split(`"${placeholder}"`)
  return [head, JSON.stringify(events), tail]
}
