import type { Settings } from '../checkOptions.ts'
import { jsonAnswer } from '../crm/jsonAnswer.ts'
import { everyPortalsTypes, scopeOf } from '../crm/ObjectType.ts'
import { portalId } from '../data/portalId.ts'
import { Refusal } from '../Refusal.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { readForm } from './readForm.ts'

/** What the portal says about each of its tokens. */
const common = {
  hub_id: portalId,
  app_id: 1,
  user_id: 1,
  is_private_distribution: true,
}

/** All scopes that matter for reading, unless the portal's token has others. */
const scopesOf = ({ scopes }: Settings): readonly string[] =>
  scopes ?? ['oauth', 'forms', ...everyPortalsTypes.map(scopeOf)]

/**
 * `GET /oauth/v1/access-tokens/{token}`: what a token is for, and the seconds until it expires.
 *
 * @throws Refusal 404 for a token that is not valid.
 */
export function getToken({ guid: token }: Call, { settings, tokens }: Served, now: number): Answer {
  const seconds = tokens.secondsOf(token, now)
  if (seconds === undefined) throw new Refusal(404, 'The access token is not valid')
  const hub = { user: 'someone@demo.example', hub_domain: 'demo.example' }
  return jsonAnswer({
    token,
    ...hub,
    ...common,
    scopes: scopesOf(settings),
    expires_in: seconds,
    token_type: 'access',
  })
}

/** `POST /oauth/…/token/introspect`: the same in OAuth's form; for a token that is not valid, only that. */
export function introspectToken(call: Call, { settings, tokens }: Served, now: number): Answer {
  const form = readForm(call)
  const token = form.get('token') ?? ''
  const seconds = tokens.secondsOf(token, now)
  if (seconds === undefined) return jsonAnswer({ active: false })
  const client = { client_id: form.get('client_id') ?? '' }
  const use = { token_type: 'bearer', token_use: 'access_token' }
  return jsonAnswer({
    active: true,
    token,
    ...client,
    ...common,
    ...use,
    scopes: scopesOf(settings),
    expires_in: seconds,
  })
}
