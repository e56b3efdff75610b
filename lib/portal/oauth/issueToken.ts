import { jsonAnswer } from '../crm/jsonAnswer.ts'
import { portalId } from '../data/portalId.ts'
import { Refusal } from '../Refusal.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { readForm } from './readForm.ts'

/**
 * `POST /oauth/v1/token`: exchanges the refresh token for a new access token. The refresh token stays the same. Any
 * `client_id` and `client_secret` are accepted.
 *
 * @throws Refusal 400
 */
export function issueToken(call: Call, { tokens }: Served, now: number): Answer {
  const form = readForm(call)
  const grant = form.get('grant_type')
  if (grant !== 'refresh_token') {
    const description = `grant_type: expected refresh_token, got ${JSON.stringify(grant ?? '')}`
    throw refusal('BAD_GRANT_TYPE', 'unsupported_grant_type', description)
  }
  for (const name of ['client_id', 'client_secret']) {
    if (form.get(name)) continue
    const description = `missing or invalid ${name.replace('_', ' ')}`
    throw refusal(`BAD_${name.toUpperCase()}`, 'invalid_client', description)
  }
  if (form.get('refresh_token') !== tokens.refreshToken) {
    throw refusal('BAD_REFRESH_TOKEN', 'invalid_grant', 'missing or invalid refresh token')
  }
  const { accessToken, expiresIn } = tokens.issue(now)
  return jsonAnswer({
    token_type: 'bearer',
    token_use: 'access_token',
    refresh_token: tokens.refreshToken,
    access_token: accessToken,
    hub_id: portalId,
    expires_in: expiresIn,
  })
}

/** The error of both HubSpot's own form and OAuth's. */
function refusal(status: string, error: string, description: string): Refusal {
  return new Refusal(400, description, { fields: { status, error, error_description: description } })
}
