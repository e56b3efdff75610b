// Access tokens of OAuth live for half an hour: a function gets a new one for the refresh token whenever it is needed.
import assert from 'node:assert/strict'
import { contacts, HubSpotClient, run, toArray } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

// The first token expires in the middle of the export.
await using portal = await createPortal({ leads: 1_000, faults: 'page=5 x1:expire' })

let tokens = 0

/** With a real account, the origin is https://api.hubapi.com, and the three values are those of your app. */
async function accessToken() {
  tokens += 1
  const response = await fetch(`${portal.origin}/oauth/v3/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'the id of the app',
      client_secret: 'the secret of the app',
      refresh_token: portal.refreshToken,
    }),
  })
  if (!response.ok) throw new Error(`no access token: ${response.status}`)
  const { access_token: token, expires_in: seconds } = (await response.json()) as {
    access_token: string
    expires_in: number
  }
  return { token, expiresAt: Date.now() + seconds * 1_000 }
}

await using client = new HubSpotClient({ accessToken, origin: portal.origin })
const report = await run(contacts(client), toArray({ max: 1_000 }))
console.log(`${report.read} contacts, ${tokens} access tokens`)

assert.equal(report.records, portal.leads - portal.deleted)
assert.equal(tokens, 2)
