import { jsonAnswer } from '../crm/jsonAnswer.ts'
import { portalId } from '../data/portalId.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call, Route } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'

/** `GET /account-info/v3/details`: the portal's id, its time zone, and where it is. */
function accountDetails(): Answer {
  return jsonAnswer({
    portalId,
    accountType: 'STANDARD',
    timeZone: 'UTC',
    utcOffset: '+00:00',
    utcOffsetMilliseconds: 0,
    companyCurrency: 'USD',
    additionalCurrencies: [],
    uiDomain: 'app.hubspot.com',
    dataHostingLocation: 'na1',
  })
}

const day = 86_400_000

/**
 * `GET /account-info/v3/api-usage/daily/private-apps`: the requests that the daily limit counts. Without such a limit,
 * that of a small account is named, and all requests since the start are counted.
 */
function dailyUsage(_: Call, { limiter, log }: Served, now: number): Answer {
  const { limit, used } = limiter.daily(now) ?? { limit: 250_000, used: log.count }
  return jsonAnswer({
    results: [
      {
        name: 'private-apps-api-calls-daily',
        usageLimit: limit,
        currentUsage: used,
        collectedAt: new Date(now).toISOString(),
        fetchStatus: 'SUCCESS',
        resetsAt: new Date((Math.floor(now / day) + 1) * day).toISOString(),
      },
    ],
  })
}

/** The routes of the account's details and of its use of the day. */
export const accountRoutes: readonly Route[] = [
  { path: /^\/account-info\/(?:v3|2026-0[39])\/details\/?$/, handlers: { GET: accountDetails } },
  {
    path: /^\/account-info\/(?:v3|2026-0[39])\/api-usage\/daily\/private-apps\/?$/,
    handlers: { GET: dailyUsage },
  },
]
