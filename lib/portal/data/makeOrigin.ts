import type { Random } from './Random.ts'
import { sources } from './words/sources.ts'

/** How a lead found the site: the fields that the API's documentation ties to `sourceId`. */
export interface Origin {
  readonly sourceId: number
  readonly foundVia: string
  readonly fullFoundViaString: string
  readonly sourceValue1: string
  readonly sourceValue2: string
  readonly firstReferrer: string
  readonly firstRefDomain: string
  readonly firstCampaign: string
}

const emailMarketing = 5

/** Makes up how a lead found the site. */
export function makeOrigin(random: Random): Origin {
  const source = random.weighted(sources)
  const [sourceValue1, firstReferrer] = random.pick(source.visits)
  const sourceValue2 = sourceValue1 !== '' && random.percent(20) ? `ad group ${random.integer(1, 40)}` : ''
  return {
    sourceId: source.id,
    foundVia: source.name,
    fullFoundViaString: [source.name, sourceValue1, sourceValue2].filter(Boolean).join(' - '),
    sourceValue1,
    sourceValue2,
    firstReferrer,
    firstRefDomain: domainOf(firstReferrer),
    firstCampaign: source.id === emailMarketing ? sourceValue1 : '',
  }
}

function domainOf(url: string): string {
  return url === '' ? '' : new URL(url).hostname.replace(/^www\./, '')
}
