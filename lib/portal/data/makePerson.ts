import type { Random } from './Random.ts'
import { messages } from './words/messages.ts'
import { regions } from './words/regions.ts'
import { industries, jobTitles, salutations } from './words/trades.ts'

/** The texts of a lead that identify a person. */
export interface Person {
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly company: string
  readonly phone: string
  readonly fax: string
  readonly address: string
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly country: string
  readonly website: string
  readonly twitterHandle: string
  readonly salutation: string
  readonly jobTitle: string
  readonly industry: string
  readonly message: string
}

/** Makes up a person. A text that the person left out is "", as in the API. */
export function makePerson(random: Random): Person {
  const region = random.weighted(regions)
  const [firstName, firstAscii] = random.pick(region.firstNames)
  const [lastName, lastAscii] = random.pick(region.lastNames)
  const [company, domain] = random.pick(region.companies)
  const [city, state, zip] = random.pick(region.towns)
  const maybe = (share: number, text: string): string => (random.percent(share) ? text : '')
  return {
    firstName: maybe(96, firstName),
    lastName: maybe(94, lastName),
    email: maybe(98, `${firstAscii}.${lastAscii}${random.integer(1, 9_999)}@${domain}.example`),
    company: maybe(80, company),
    phone: maybe(60, `${region.dialling} ${random.integer(200, 999)} ${random.integer(1_000, 9_999)}`),
    fax: maybe(5, `${region.dialling} ${random.integer(100_000, 999_999)}`),
    address: maybe(50, `${random.integer(1, 299)} ${random.pick(region.streets)}`),
    city: maybe(70, city),
    state: maybe(60, state),
    zip: maybe(50, zip),
    country: maybe(75, region.country),
    website: maybe(40, `http://www.${domain}.example/`),
    twitterHandle: maybe(15, `@${firstAscii}_${lastAscii}`),
    salutation: random.pick(salutations),
    jobTitle: random.pick(jobTitles),
    industry: random.pick(industries),
    message: maybe(55, random.pick(messages)),
  }
}
