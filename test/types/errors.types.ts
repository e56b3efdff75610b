import {
  type ErrorContexts,
  LeadpipeError,
  type LeadpipeErrorOf,
  type OptionContext,
  type Report,
  RunError,
} from '../../lib/index.ts'
import { isExactly } from '../support/isExactly.ts'

/** For the compiler only: `npm run check` compiles this file, nothing runs it. */
declare function compiled(code: () => unknown): void
declare const caught: unknown

compiled(() => {
  if (!(caught instanceof LeadpipeError)) return
  isExactly<LeadpipeError>()(caught)
  if (caught.code === 'DECODE') {
    isExactly<number | undefined>()(caught.context.page)
    isExactly<'cut' | 'malformed' | 'limit'>()(caught.context.problem)
  }
  if (caught.code === 'OPTION') isExactly<OptionContext>()(caught.context)
  if (caught.code === 'LEDGER') isExactly<string>()(caught.context.wrong[0]?.left ?? '')
  if (caught.code === 'HTTP' || caught.code === 'RATE_LIMIT') isExactly<number>()(caught.context.status)
  if (caught.code === 'AUTH') isExactly<number | undefined>()(caught.context.status)
  // @ts-expect-error: a fact of another code
  if (caught.code === 'AUTH') caught.context.page
  // @ts-expect-error: not every code has a page
  caught.context.page
  // @ts-expect-error: no such code
  if (caught.code === 'NOT_FOUND') return
  // @ts-expect-error: only a run has a report
  caught.report
})

compiled(() => {
  if (!(caught instanceof RunError)) return
  isExactly<Report>()(caught.report)
  if (caught.code === 'OPERATOR') isExactly<string | undefined>()(caught.context.operator)
  const error: LeadpipeError = caught
  return error
})

compiled(() => {
  const error = new LeadpipeError('PAGING', 'no progress', { context: { offset: 200 } })
  isExactly<LeadpipeErrorOf<'PAGING'>>()(error)
  isExactly<ErrorContexts['PAGING']>()(error.context)
  const anyError: LeadpipeError = error
  // @ts-expect-error: a fact of another code
  new LeadpipeError('PAGING', 'no progress', { context: { status: 500 } })
  // @ts-expect-error: the facts of an answer are never absent
  new LeadpipeError('HTTP', 'refused')
  return anyError
})
