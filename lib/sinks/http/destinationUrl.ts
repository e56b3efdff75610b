import { maskUrl } from '../../client/maskUrl.ts'
import { contradiction } from './contradiction.ts'
import { describeUrl } from './describeUrl.ts'

/**
 * Where records go.
 *
 * @throws {LeadpipeError} OPTION, which shows no more of the URL than may be told.
 */
export function destinationUrl(given: string | URL): URL {
  const text = String(given)
  if (!URL.canParse(text)) {
    throw contradiction('url', `expected an http or https URL, received ${maskUrl(text)}`)
  }
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw contradiction('url', `expected an http or https URL, received one of ${url.protocol}`)
  }
  if (url.username !== '' || url.password !== '') {
    const hint = 'send them in headers, for example { authorization: "Basic …" }'
    throw contradiction('url', `${describeUrl(url)}: credentials can't stand in the URL; ${hint}`)
  }
  if (url.hash !== '') {
    throw contradiction('url', `${describeUrl(url)}: what stands behind # is never sent; leave it out`)
  }
  return url
}
