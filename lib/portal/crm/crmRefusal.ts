import type { Settings } from '../checkOptions.ts'
import { Refusal } from '../Refusal.ts'

/** An error with the fields that those of the CRM APIs have besides the message. */
export function crmRefusal(status: number, message: string, fields: Record<string, unknown> = {}): Refusal {
  return new Refusal(status, message, { fields: { category: 'VALIDATION_ERROR', ...fields } })
}

/** @throws Refusal 403 if the portal's token lacks a scope. */
export function requireScope({ scopes }: Pick<Settings, 'scopes'>, scope: string): void {
  if (scopes?.includes(scope) === false) throw scopeRefusal(scope)
}

/** The error for a token that lacks the scope of a request. */
function scopeRefusal(scope: string): Refusal {
  const message = "This app hasn't been granted all required scopes to make this call."
  return crmRefusal(403, message, {
    category: 'MISSING_SCOPES',
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: [scope] },
      },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
  })
}
