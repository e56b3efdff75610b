import type { Settings } from '../checkOptions.ts'
import type { Store } from '../store/Store.ts'

/** What the answers of a portal depend on besides the request. */
export interface Served {
  readonly settings: Settings
  readonly store: Store
}
