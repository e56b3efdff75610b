import type { Settings } from '../checkOptions.ts'
import type { Crm } from '../crm/Crm.ts'
import type { FaultPlan } from '../faults/FaultPlan.ts'
import type { RateLimiter } from '../limits/RateLimiter.ts'
import type { Tokens } from '../oauth/Tokens.ts'
import type { RequestLog } from '../RequestLog.ts'
import type { Store } from '../store/Store.ts'

/** The state of a portal that answers depend on, besides the request. */
export interface Served {
  readonly settings: Settings
  readonly store: Store
  readonly crm: Crm
  readonly limiter: RateLimiter
  readonly tokens: Tokens
  readonly faults: FaultPlan
  readonly log: RequestLog
}
