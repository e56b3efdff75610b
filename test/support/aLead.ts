import type { ConversionEvent, Lead } from '../../lib/index.ts'

/** A conversion event with this many form values. */
export function anEvent(guid: string, values = 0): ConversionEvent {
  return {
    guid,
    formName: `form of ${guid}`,
    formSubmissionValues: Array.from({ length: values }, (_, index) => ({
      fieldName: `field ${index}`,
      fieldValue: `value ${index} of ${guid}`,
    })),
  }
}

/** A small lead with this many conversion events, each with two form values. */
export function aLead(number: number, events = 0): Lead {
  return {
    guid: `lead-${number}`,
    email: `${number}@example.com`,
    isCustomer: number % 2 === 0,
    crmDetails: { status: number % 3 === 0 ? 'Open' : 'Closed' },
    leadConversionEvents: Array.from({ length: events }, (_, index) =>
      anEvent(`event-${number}-${index}`, 2),
    ),
  }
}

/** This many leads, numbered from 0. */
export function someLeads(count: number, events = 0): Lead[] {
  return Array.from({ length: count }, (_, number) => aLead(number, events))
}
