import { type HubSpotClient, reading } from '../hubspot/HubSpotClient.ts'
import { leadsPath } from '../lead/apiQuirks.ts'
import type { Lead } from '../lead/Lead.ts'
import { type LeadsQuery, type PageQuery, serializeQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import type { LeadPlan, Missing } from '../paging/LeadPlan.ts'
import type { Batch, SourceOpening } from '../stage/SourceStage.ts'
import { AccountGuard } from './AccountGuard.ts'
import { clientPages } from './clientPages.ts'
import type { ListProgress } from './DeliveredItems.ts'
import { type List, ListRun, type ListState } from './ListRun.ts'
import { objectOf } from './objectOf.ts'
import type { LeadsSettings } from './options.ts'
import { planOf, windowOf } from './planOf.ts'

/** The parts that a {@link LeadRun} needs. */
export interface LeadRunOptions {
  readonly client: HubSpotClient
  /** Checked. */
  readonly query: Readonly<LeadsQuery>
  readonly settings: LeadsSettings
}

/** The state of a list of leads that a restart needs: plain JSON. */
export interface LeadState extends ListState {
  position: Position
  missing?: Missing
  /** The portal of the leads; absent if none of them has a `portalId`. */
  portalId?: number
}

/** Reads a list of leads once, batch after batch. */
export class LeadRun extends ListRun<Lead, PageQuery, unknown> {
  readonly #plan: LeadPlan
  readonly #account: AccountGuard
  readonly #positionOf: (progress: ListProgress<unknown>) => Position
  /** Where the list begins or resumes. */
  readonly #start: ListProgress<unknown>

  /** @throws {LeadpipeError} OPTION when the position to resume from is of another kind of paging */
  constructor({ client, query, settings }: LeadRunOptions, opening: SourceOpening) {
    const { decode, maxLeadBytes, maxDepth, longNumbers, readAheadBytes, limit, signal } = settings
    const { wants } = opening
    const saved = opening.state as LeadState | undefined
    const from = saved?.position ?? settings.from
    const plan = planOf(query, settings, from, client[reading].concurrency === 1 || readAheadBytes === 0)
    if (plan.missing !== undefined) Object.assign(plan.missing, saved?.missing)
    const account = new AccountGuard('leads', saved?.portalId)
    const delivered = from?.leads ?? 0
    const positionOf = (progress: ListProgress<unknown>) =>
      ({ ...plan.position(progress.cursor), leads: progress.delivered }) as Position
    const list: List<Lead, PageQuery, unknown> = {
      name: 'leads',
      client,
      plan,
      pages: hooks =>
        clientPages({
          client,
          target: query => ({ path: leadsPath, query: serializeQuery(query) }),
          recordOf: objectOf('a lead', wants.origins),
          ...{ decode, maxLeadBytes, maxDepth, longNumbers },
          ...{ rejected: wants.rejected ? 'emit' : 'fail', lines: wants.lines },
          ...hooks,
        }),
      positionOf,
      answered: time => plan.answered?.(time),
      check: lead => account.checkLead(lead),
      ...{ limit, readAheadBytes, signal },
    }
    super(list, opening, { ...saved, delivered })
    this.#plan = plan
    this.#account = account
    this.#positionOf = positionOf
    this.#start = { cursor: plan.start, delivered }
  }

  /** The guids of the query for which the portal returned no lead, if the query has guids. */
  get missing(): Readonly<Missing> | undefined {
    return this.#plan.missing
  }

  /** The time window of the list (seek paging only). Its stopTime is known once the first answer has arrived. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return windowOf(this.start)
  }

  /** The position where the list begins or resumes. */
  get start(): Position {
    return this.#positionOf(this.#start)
  }

  get time(): Date | undefined {
    const stopTime = this.window?.stopTime
    return stopTime === undefined ? undefined : new Date(stopTime)
  }

  override facts() {
    const { missing, window } = this
    return {
      ...(missing === undefined ? {} : { missing: { ...missing, guids: [...missing.guids] } }),
      ...(window === undefined ? {} : { window }),
      ...super.facts(),
    }
  }

  override save(batch: Batch<Lead> | undefined, processed: number): LeadState {
    const state = super.save(batch, processed)
    const { missing } = this
    return {
      ...state,
      position: state.position as Position,
      ...(missing === undefined ? {} : { missing: this.#missingAt(missing) }),
      ...(this.#account.id === undefined ? {} : { portalId: this.#account.id }),
    }
  }

  /** The leads that are missing up to the current position; all missing leads if the list has ended. */
  #missingAt(all: Readonly<Missing>): Missing {
    const { cursor } = this.progress
    return structuredClone(this.isEnded ? all : (this.#plan.missingAt?.(cursor) ?? all))
  }
}
