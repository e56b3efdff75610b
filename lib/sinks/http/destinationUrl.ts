import { maskUrl } from '../../http/redact.ts'
import { optionError } from '../../options/checkOptions.ts'

/**
 * Where records go.
 *
 * @throws {LeadpipeError} OPTION, which shows no more of the URL than may be told.
 */
export function destinationUrl(given: string | URL): URL {
  const text = String(given)
  if (!URL.canParse(text)) {
    throw optionError('toHttp(): url', 'expected an http or https URL', maskUrl(text), true)
  }
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw optionError('toHttp(): url', `expected an http or https URL, received one of ${url.protocol}`)
  }
  if (url.username !== '' || url.password !== '') {
    const hint = 'send them in headers, for example { authorization: "Basic …" }'
    throw optionError('toHttp(): url', `${describeUrl(url)}: credentials can't stand in the URL; ${hint}`)
  }
  if (url.hash !== '') {
    throw optionError(
      'toHttp(): url',
      `${describeUrl(url)}: what stands behind # is never sent; leave it out`,
    )
  }
  return url
}

/** Scheme, host and path: all of a URL that may be told. Userinfo and query may hold secrets. */
export function describeUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
