import { isObject } from '../../leads/isObject.ts'
import type { JsonLead } from '../../store/Store.ts'
import type { Property } from './Property.ts'
import { isoTime, isoTimeUnlessZero, textOf } from './values.ts'

/*
 * What a contact says about its conversions. HubSpot calculates these properties; nobody can change them.
 */

/** The most submissions that a contact names in `hs_calculated_form_submissions`. */
const named = 800

const fromLead = (name: string, type: Property['type'], of: (lead: JsonLead) => string | null): Property => ({
  name,
  type,
  calculated: true,
  of: ({ source }) => of(source),
})

const fromEvents = (
  name: string,
  type: Property['type'],
  of: (earliestFirst: readonly JsonLead[]) => string | null,
): Property => ({
  name,
  type,
  calculated: true,
  needsEvents: true,
  of: ({ source }) => of(eventsOf(source)),
})

/** The properties that follow from a lead's conversion events, and from the counts of them. */
export const conversionProperties: readonly Property[] = [
  fromLead('num_conversion_events', 'number', lead => textOf(lead.numConversionEvents)),
  fromLead('recent_conversion_date', 'datetime', lead => isoTimeUnlessZero(lead.lastConvertedAt)),
  fromEvents('num_unique_conversion_events', 'number', events =>
    String(new Set(events.map(({ formGuid }) => formGuid)).size),
  ),
  fromEvents('first_conversion_date', 'datetime', events => isoTime(events[0]?.convertDate)),
  fromEvents('first_conversion_event_name', 'string', events => nameOf(events[0])),
  fromEvents('recent_conversion_event_name', 'string', events => nameOf(events.at(-1))),
  fromEvents('hs_calculated_form_submissions', 'string', events =>
    textOf(
      events
        .slice(-named)
        .map(({ formGuid, convertDate }) => `${formGuid}::${convertDate}`)
        .join(';'),
    ),
  ),
]

/** The conversion events of a lead, earliest first; those of equal time stay in their order. */
function eventsOf({ leadConversionEvents: events }: JsonLead): readonly JsonLead[] {
  if (!Array.isArray(events)) return []
  const timeOf = ({ convertDate }: JsonLead): number => (typeof convertDate === 'number' ? convertDate : 0)
  return events.filter(isObject).toSorted((a, b) => timeOf(a) - timeOf(b))
}

/** "Page title: form name", as HubSpot writes it; the title may be missing. */
function nameOf(event: JsonLead | undefined): string | null {
  return event === undefined ? null : textOf([event.pageName, event.formName].filter(Boolean).join(': '))
}
