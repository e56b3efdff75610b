import { maskUrl } from '../../http/redact.ts'
import { optionError } from '../../options/checkOptions.ts'

/**
 * The checked URL of the receiver.
 *
 * @throws {LeadpipeError} OPTION, without any part of the URL that may be secret.
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

/** Scheme, host and path: the parts of a URL that may be shown. Userinfo and query may contain secrets. */
export function describeUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
