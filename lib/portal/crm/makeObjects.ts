import { arrivalTime } from '../data/arrivalTime.ts'
import { makePerson } from '../data/makePerson.ts'
import type { Random } from '../data/Random.ts'
import type { ObjectType } from './ObjectType.ts'
import type { NewRecord } from './records/NewRecord.ts'

const day = 86_400_000

/** A generated record, and the places of the contacts that it is associated with, from 1. */
export interface GeneratedRecord {
  readonly record: NewRecord
  readonly contacts: readonly number[]
}

/** The first record and the first contact have this many associations, so that reading them takes several pages. */
const many = 1_100

/**
 * Makes up records of a type: each associated with up to three contacts, the first one with many, and many with the
 * first contact. Two in a hundred are archived.
 *
 * @param contacts number of contacts
 */
export function* makeObjects(
  type: ObjectType,
  random: Random,
  { count, contacts }: { count: number; contacts: number },
): Generator<GeneratedRecord> {
  for (let index = 0; index < count; index++) {
    const createdAt = arrivalTime(index)
    const updatedAt = random.percent(50) ? createdAt : createdAt + random.integer(1, 400 * day)
    yield {
      record: {
        properties: {
          ...(makers[type.name] ?? makeCustom)(random, index),
          [type.name === 'leads' ? 'hs_createdate' : 'createdate']: createdAt,
          [type.modified]: updatedAt,
        },
        archived: random.percent(2),
      },
      contacts: contacts === 0 ? [] : associated(random, index, contacts),
    }
  }
}

function associated(random: Random, index: number, contacts: number): number[] {
  if (index === 0) return Array.from({ length: Math.min(many, contacts) }, (_, place) => place + 1)
  const drawn = Array.from({ length: random.integer(0, 3) }, () => random.integer(1, contacts))
  return index < many ? [1, ...drawn] : drawn
}

type Maker = (random: Random, index: number) => Readonly<Record<string, string | number>>

const makeCustom: Maker = (_, index) => ({ name: `Record ${index + 1}` })

const makers: Readonly<Record<string, Maker>> = {
  companies: random => {
    const { company, website } = makePerson(random)
    return { name: company, domain: website.replace(/^http:\/\/www\.|\/$/g, '') }
  },
  deals: (random, index) => ({
    dealname: `Deal ${index + 1}`,
    amount: random.integer(1, 5_000) * 100,
    dealstage: random.pick(['appointmentscheduled', 'qualifiedtobuy', 'closedwon', 'closedlost']),
    pipeline: 'default',
  }),
  tickets: (random, index) => ({
    subject: `Ticket ${index + 1}`,
    content: makePerson(random).message,
    hs_pipeline: '0',
    hs_pipeline_stage: random.integer(1, 4),
    hs_ticket_priority: random.pick(['LOW', 'MEDIUM', 'HIGH']),
  }),
  leads: random => {
    const { firstName, lastName, email } = makePerson(random)
    return {
      hs_lead_name: `${firstName} ${lastName}`,
      hs_lead_type: random.pick(['NEW_BUSINESS', 'RE_ATTEMPTING', 'UPSELL']),
      hs_lead_label: random.pick(['HOT', 'WARM', 'COLD']),
      hs_pipeline: 'lead-pipeline-id',
      hs_pipeline_stage: random.pick(['new-stage-id', 'attempting-stage-id', 'connected-stage-id']),
      hs_associated_contact_email: email,
      hs_associated_contact_firstname: firstName,
      hs_associated_contact_lastname: lastName,
    }
  },
}
