import { LeadpipeError, type LeadpipeErrorOf } from '../errors.ts'

/** The part of an Ajv error that the message needs. */
interface FoundError {
  readonly instancePath: string
  readonly keyword: string
  readonly message?: string | undefined
  /** The invalid value, if the schema is leadpipe's own. */
  readonly data?: unknown
}

const remedy = { owner: 'validate()', option: 'nullFields', to: `'keep' to accept null and ""` }

/**
 * The INVALID_LEAD error for a value. It does not contain the person's data.
 *
 * @param mayKeepNulls whether the option nullFields could help
 */
export function invalidLead(
  value: unknown,
  error: FoundError | undefined,
  mayKeepNulls: boolean,
): LeadpipeErrorOf<'INVALID_LEAD'> {
  const guid = (value as { guid?: unknown } | undefined)?.guid
  const path = error?.instancePath || '/'
  const who = typeof guid === 'string' ? `lead ${guid}` : 'a lead without a guid'
  const isNull = error?.data === null || error?.data === ''
  const canKeep = mayKeepNulls && isNull && path !== '/' && path !== '/guid'
  return new LeadpipeError(
    'INVALID_LEAD',
    `${who}: ${path} ${error?.message ?? 'does not match the schema'}`,
    {
      context: {
        ...(typeof guid === 'string' ? { guid } : {}),
        path,
        rule: error?.keyword ?? 'schema',
        ...(canKeep ? { remedy } : {}),
      },
    },
  )
}
