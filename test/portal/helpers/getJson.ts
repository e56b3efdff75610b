import type { Portal } from '../../../lib/portal/index.ts'
import { type PathOptions, requestPath } from './requestPath.ts'

/** An answer in JSON, of any shape. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads many shapes
export type AnyJson = any

/** Requests a path as today's clients do, with the token in a header. */
export async function getJson(
  portal: Portal,
  path: string,
  { headers = {}, ...options }: Omit<PathOptions, 'headers'> & { headers?: Record<string, string> } = {},
): Promise<{ status: number; body: AnyJson }> {
  const { status, body } = await requestPath(portal, path, {
    headers: { Authorization: `Bearer ${portal.accessToken}`, ...headers },
    ...options,
  })
  return { status, body: JSON.parse(body.toString()) }
}

/** The elements of all pages of a list; throws for any status but 200. */
export async function getAll(portal: Portal, path: string, query = ''): Promise<AnyJson[]> {
  const all: AnyJson[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const { status, body }: { status: number; body: AnyJson } = await getJson(
      portal,
      `${path}?${query}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`,
    )
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
    all.push(...body.results)
    after = body.paging?.next.after
  }
  return all
}
