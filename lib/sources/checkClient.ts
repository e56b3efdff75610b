import { HubSpotClient } from '../hubspot/HubSpotClient.ts'
import { optionError, typeOf } from '../options/checkOptions.ts'

/**
 * Checks the client that a source is given.
 *
 * @param owner the source, such as `leads()`
 * @throws {LeadpipeError} OPTION if it is something else
 */
export function checkClient(owner: string, client: unknown): void {
  if (client instanceof HubSpotClient) return
  // The value may contain a token, as in `leads({ accessToken })`: the message names its type only.
  const expected = 'a HubSpotClient (new HubSpotClient({ accessToken }))'
  throw optionError({ owner, option: 'client', expected, received: typeOf(client) })
}
