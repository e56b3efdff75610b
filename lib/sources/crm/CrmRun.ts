import { onAbort } from '../../async/onAbort.ts'
import type { CrmPosition } from '../../crm/CrmPosition.ts'
import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { type HubSpotClient, reading } from '../../hubspot/HubSpotClient.ts'
import type { CrmRequest } from '../../paging/crm/CrmRequest.ts'
import type { Batch, SourceOpening } from '../../stage/SourceStage.ts'
import { AccountGuard } from '../AccountGuard.ts'
import { clientPages } from '../clientPages.ts'
import type { ListProgress } from '../DeliveredItems.ts'
import { type List, ListRun, type ListState } from '../ListRun.ts'
import { type AnyCursor, crmPlan } from './crmPlan.ts'
import type { CrmSettings } from './options.ts'
import { defaultProperties, readDefinitions } from './readDefinitions.ts'
import { readPortalId } from './readPortalId.ts'
import { recordOf } from './recordOf.ts'
import { Selection } from './Selection.ts'
import { modifiedProperty } from './searchBody.ts'

/** The parts that a {@link CrmRun} needs. */
export interface CrmRunOptions {
  readonly client: HubSpotClient
  readonly type: string
  /** Checked. */
  readonly settings: CrmSettings
}

/** The state of a list of records that a restart needs: plain JSON. */
export interface CrmState extends ListState {
  position: CrmPosition
  /** The account of the records; absent if the portal does not say it. */
  portalId?: number
}

/** Reads a list of CRM records once, batch after batch. */
export class CrmRun extends ListRun<AnyRecord, CrmRequest, AnyCursor> {
  readonly #prepare: (signal: AbortSignal) => Promise<void>
  readonly #account: AccountGuard
  readonly #positionOf: (progress: ListProgress<AnyCursor>) => CrmPosition
  /** Where the list begins or resumes. */
  readonly #start: ListProgress<AnyCursor>
  readonly #signal: AbortSignal | undefined
  readonly #closing = new AbortController()
  /** The property with the time of the last modification. */
  readonly #modified: 'lastmodifieddate' | 'hs_lastmodifieddate'
  #isPrepared: boolean

  constructor({ client, type, settings }: CrmRunOptions, opening: SourceOpening) {
    const { wants } = opening
    const saved = opening.state as CrmState | undefined
    const { paths } = client[reading]
    const { limit, readAheadBytes, signal, longNumbers } = settings
    const from = saved?.position ?? settings.from
    const account = new AccountGuard('records', saved?.portalId)
    let selection = new Selection(paths, type, settings, undefined)
    const { plan, records, positionOf } = crmPlan(type, settings, from, {
      isSequential: client[reading].concurrency === 1 || readAheadBytes === 0,
      urlOf: request => `${client.origin}${selection.target(request).path}`,
    })
    let sent = { requests: 0, retries: 0 }
    const list: List<AnyRecord, CrmRequest, AnyCursor> = {
      name: 'crmObjects',
      client,
      plan,
      pages(hooks) {
        sent = hooks.counts
        const pages = (lines: SourceOpening['wants']['lines']) =>
          clientPages<AnyRecord, CrmRequest>({
            client,
            target: request => selection.target(request),
            elements: ['results'],
            recordOf: (element, request) => {
              const isWhole = request.kind === 'records' || (request.kind === 'list' && !selection.byId)
              const types = isWhole ? selection.types : undefined
              return recordOf(element, request, { types, longNumbers, origins: wants.origins })
            },
            ...{ decode: settings.decode, maxDepth: settings.maxDepth, longNumbers, lines },
            ...{ maxLeadBytes: settings.maxRecordBytes, sizeOption: 'maxRecordBytes' },
            rejected: wants.rejected ? 'emit' : 'fail',
            ...hooks,
          })
        const [unchanged, changed] = [pages(wants.lines), pages(undefined)]
        const isChanged = () => selection.byId || selection.types !== undefined
        return { ...unchanged, decoder: page => (isChanged() ? changed : unchanged).decoder(page) }
      },
      positionOf,
      answered: time => plan.answered?.(time),
      ...{ limit, readAheadBytes, signal },
    }
    super(list, opening, { ...saved, delivered: from?.records ?? 0 })
    this.#account = account
    this.#modified = modifiedProperty(type)
    this.#positionOf = positionOf
    this.#start = { cursor: plan.start, delivered: from?.records ?? 0 }
    this.#signal = signal
    this.#isPrepared = saved?.ended ?? false
    this.#prepare = async signal => {
      const watched = {
        signal,
        onRequest: () => {
          sent.requests += 1
        },
        onRetry: () => {
          sent.retries += 1
        },
      }
      if (opening.isSaved) account.check(await readPortalId(client, watched))
      const definitions = await readDefinitions(client, type, settings, watched)
      const isDefault = settings.paging === 'search' && settings.properties === undefined
      const list = selection.target({ kind: 'list', max: 1, archived: false })
      const properties = isDefault ? await defaultProperties(client, list, watched) : settings.properties
      selection = new Selection(paths, type, { ...settings, properties }, definitions)
      Object.assign(records, { byId: selection.byId, hidesMergedIds: selection.hidesMergedIds })
    }
  }

  /** The position where the list begins or resumes. */
  get start(): CrmPosition {
    return this.#positionOf(this.#start)
  }

  get time(): Date | undefined {
    const { start } = this
    const end = start.paging === 'search' ? start.modifiedBefore : undefined
    return end === undefined ? undefined : new Date(end)
  }

  /** With the times that were read, if the list is read by search. */
  override facts() {
    const { start } = this
    if (start.paging !== 'search') return super.facts()
    const { modifiedAfter: startTime, modifiedBefore: stopTime } = start
    const window = {
      timePivot: this.#modified,
      ...(startTime === undefined ? {} : { startTime }),
      ...(stopTime === undefined ? {} : { stopTime }),
    }
    return { window, ...super.facts() }
  }

  /** @throws {LeadpipeError} OPTION for a property that the type does not have, before anything else is requested */
  override async next(): Promise<Batch<AnyRecord> | undefined> {
    if (!this.#isPrepared) {
      this.#isPrepared = true
      this.#signal?.throwIfAborted()
      const unlisten = this.#signal && onAbort(this.#signal, () => this.#closing.abort(this.#signal?.reason))
      try {
        await this.#prepare(this.#closing.signal)
      } finally {
        unlisten?.()
      }
    }
    return super.next()
  }

  override save(batch: Batch<AnyRecord> | undefined, processed: number): CrmState {
    const state = super.save(batch, processed)
    const { id } = this.#account
    return {
      ...state,
      position: state.position as CrmPosition,
      ...(id === undefined ? {} : { portalId: id }),
    }
  }

  override close(batch: Batch<AnyRecord> | undefined, processed: number): Promise<void> {
    this.#closing.abort()
    return super.close(batch, processed)
  }
}
