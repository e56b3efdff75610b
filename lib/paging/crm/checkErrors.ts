import { LeadpipeError } from '../../errors.ts'

/** One of the errors in the answer to a request for many things. */
interface PartError {
  category?: unknown
  message?: unknown
  context?: { ids?: unknown } | null
}

/**
 * Checks the errors of an answer that is only in part a success (207). What was not found is simply absent.
 *
 * @param url scheme, host and path of the request
 * @throws {LeadpipeError} HTTP for any other error
 */
export function checkErrors(envelope: unknown, url: string): void {
  const { errors } = (envelope ?? {}) as { errors?: unknown }
  if (!Array.isArray(errors)) return
  const other = errors.find(({ category }: PartError) => !/NOT_FOUND$/.test(String(category)))
  if (other === undefined) return
  const { category, message } = other as PartError
  const problem = `the portal answered a part of the request with an error: ${String(message).slice(0, 300)}`
  throw new LeadpipeError('HTTP', `${problem} (${String(category)})`, {
    context: { status: 207, url, excerpt: JSON.stringify(other).slice(0, 500) },
  })
}

/** The ids that the errors of an answer name as not found. */
export function idsNotFound(envelope: unknown): ReadonlySet<string> {
  const { errors } = (envelope ?? {}) as { errors?: unknown }
  const all = Array.isArray(errors) ? (errors as PartError[]) : []
  return new Set(all.flatMap(({ context }) => (Array.isArray(context?.ids) ? context.ids.map(String) : [])))
}
