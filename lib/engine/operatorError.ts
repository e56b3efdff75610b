import { LeadpipeError, messageOf } from '../errors.ts'

/**
 * What the code of an operator threw, as an OPERATOR error; leadpipe's own errors stay as they are.
 *
 * @param value what the step was given; its guid is told, and nothing else of it
 * @param method the method that threw, where it is not the step
 */
export function operatorError(name: string, cause: unknown, value?: unknown, method?: string): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const guid = (value as { guid?: unknown } | null | undefined)?.guid
  const where = typeof guid === 'string' ? `, lead ${guid}` : ''
  const what = method === undefined ? '' : `${method}: `
  return new LeadpipeError('OPERATOR', `${name}${where}: ${what}${messageOf(cause)}`, {
    cause,
    context: { operator: name, ...(where === '' ? {} : { guid }) },
  })
}
