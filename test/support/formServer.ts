import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import type { FormSubmission } from '../../lib/crm/FormSubmission.ts'
import { type Listening, listen } from './listen.ts'
import { type Row, SubmissionServer } from './SubmissionServer.ts'

/** The server's time. */
export const serverNow = Date.UTC(2026, 5, 1, 12)

/** A form of a {@link formServer}. */
export interface ServedForm {
  id: string
  name?: string
  formType?: string
  archived?: boolean
  rows?: readonly Row[]
  /** The status and the body of the answer instead of its submissions. */
  refusal?: [status: number, body: object]
}

/** Called before each request; returns true if it has answered. */
type Intercept = (target: URL, response: ServerResponse) => boolean | undefined

/** A server of forms and of their submissions, newest first. */
export async function formServer(
  t: Test,
  given: readonly ServedForm[],
  { pageSize = 50, intercept }: { pageSize?: number; intercept?: Intercept } = {},
): Promise<Listening & { forms: ServedForm[]; of(id: string): SubmissionServer }> {
  const forms = [...given]
  const servers = new Map<string, SubmissionServer>()
  const of = (id: string) => {
    const { rows = [] } = forms.find(form => form.id === id) ?? {}
    const server = servers.get(id) ?? new SubmissionServer(rows)
    servers.set(id, server)
    return server
  }
  const answer = (response: ServerResponse, body: object, status = 200) => {
    response.writeHead(status, { date: new Date(serverNow).toUTCString() })
    response.end(JSON.stringify(body))
  }
  const listening = await listen(t, (request, response) => {
    const target = new URL(request.url ?? '', 'http://server')
    if (intercept?.(target, response)) return
    const { pathname, searchParams } = target
    const after = searchParams.get('after') ?? undefined
    if (pathname === '/marketing/v3/forms') {
      const archived = searchParams.get('archived') === 'true'
      const listed = forms.filter(form => (form.archived ?? false) === archived)
      const start = Number(after ?? 0)
      const results = listed
        .slice(start, start + pageSize)
        .map(({ id, name, formType }) => ({ id, name, formType, archived }))
      const next =
        start + pageSize < listed.length ? { paging: { next: { after: `${start + pageSize}` } } } : {}
      return answer(response, { results, ...next })
    }
    const id = decodeURIComponent(pathname.split('/').at(-1) ?? '')
    const form = forms.find(form => form.id === id)
    const [status, body] = form === undefined ? [404, { message: 'no such form' }] : (form.refusal ?? [])
    if (status !== undefined) return answer(response, body ?? {}, status)
    answer(response, of(id).page(after, Math.min(pageSize, Number(searchParams.get('limit')))))
  })
  return { ...listening, forms, of }
}

export const minute = 60_000

/** A submission that was made this many minutes before the server's present; every third one has no conversionId. */
export const rowOf = (form: string, age: number): Row => ({
  ...(age % 3 === 0 ? {} : { conversionId: `${form}-${age}` }),
  submittedAt: serverNow - age * minute,
  values: [{ name: 'age', value: `${form}-${age}` }],
})

/** A form whose submissions have these ages, in minutes. */
export const formOf = (id: string, ages: readonly number[], rest: Partial<ServedForm> = {}): ServedForm => ({
  id,
  name: `Form ${id}`,
  rows: ages.map(age => rowOf(id, age)),
  ...rest,
})

/** Ages of so many submissions. */
export const upTo = (count: number, first = 5) => Array.from({ length: count }, (_, n) => first + n)
/** The value of a submission. */
export const nameOf = ({ values }: FormSubmission) => String(values[0]?.value)
export const namesOf = (rows: readonly FormSubmission[]) => rows.map(nameOf)
/** The values of the submissions with these ages. */
export const named = (id: string, ages: readonly number[]) => ages.map(age => `${id}-${age}`)
