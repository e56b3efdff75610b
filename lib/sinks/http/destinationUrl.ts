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
    throw wrong('an http or https URL', maskUrl(text))
  }
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw wrong('an http or https URL', `one of ${url.protocol}`)
  }
  if (url.username !== '' || url.password !== '') {
    const remedy = 'send them in headers, for example { authorization: "Basic …" }'
    throw wrong('a URL without credentials', `${describeUrl(url)} with them`, remedy)
  }
  if (url.hash !== '') {
    const remedy = 'omit # and what follows it, which is never sent'
    throw wrong('a URL without a fragment', `${describeUrl(url)} with one`, remedy)
  }
  // It would be sent as it is, and only the name of a file has them filled in.
  if (/\{(date|time)\}/.test(text))
    throw wrong('a URL without {date} and {time}', `${describeUrl(url)} with them`)
  return url
}

const wrong = (expected: string, received: string, remedy?: string) =>
  optionError({ owner: 'toHttp()', option: 'url', expected, received, remedy })

/** Scheme, host and path: the parts of a URL that may be shown. Userinfo and query may contain secrets. */
export function describeUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
