import type { Call } from '../server/Call.ts'

/**
 * The parameters of a POST to the OAuth API: the form in its body. The first version also accepts `client_secret` and
 * `refresh_token` in the query.
 */
export function readForm({ path, query, contentType = '', body }: Call): URLSearchParams {
  const isForm = /^application\/x-www-form-urlencoded *(;|$)/i.test(contentType.trim())
  const form = new URLSearchParams(isForm ? body.toString() : '')
  if (!path.startsWith('/oauth/v1/')) return form
  for (const name of ['client_secret', 'refresh_token']) {
    const value = query.get(name)
    if (value !== null && !form.has(name)) form.set(name, value)
  }
  return form
}
