import { crmRefusal } from '../crm/crmRefusal.ts'
import type { Call } from '../server/Call.ts'

/** The `paging` of a page that another follows. Its link has the address that HubSpot would name. */
export function paging({ path, query }: Call, position: string): object {
  const after = Buffer.from(position).toString('base64')
  const next = new URLSearchParams(query)
  for (const name of ['access_token', 'hapikey']) next.delete(name)
  next.set('after', after)
  return { next: { after, link: `https://api.hubapi.com${path}?${next}` } }
}

/**
 * The position that the parameter `after` names; undefined without one.
 *
 * @throws Refusal 400 for a text that {@link paging} does not return.
 */
export function readAfter(query: URLSearchParams, isPosition: (text: string) => boolean): string | undefined {
  const after = query.get('after')
  if (after === null) return undefined
  const position = Buffer.from(after, 'base64').toString()
  if (Buffer.from(position).toString('base64') === after && isPosition(position)) return position
  throw crmRefusal(
    400,
    `Parameter after: expected paging.next.after of another page, got ${JSON.stringify(after)}`,
  )
}
