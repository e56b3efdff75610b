import { type Form, formTypes } from '../../crm/Form.ts'
import type { FormsPosition } from '../../crm/formPositions.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import { FormsPager, type FormsRequest } from '../../paging/crm/FormsPager.ts'
import { sequentialPlan } from '../../paging/Pager.ts'
import type { SourceOpening, SourceStage } from '../../stage/SourceStage.ts'
import { currentRun, lastRead } from '../../streams/attach.ts'
import { SourceReadable } from '../../streams/SourceReadable.ts'
import { checkClient } from '../checkClient.ts'
import { clientPages, type Target } from '../clientPages.ts'
import type { ListProgress } from '../DeliveredItems.ts'
import { type List, ListRun, type ListState } from '../ListRun.ts'
import { objectOf } from '../objectOf.ts'
import type { SourceCounts } from '../SourceCounts.ts'
import { type FormsOptions, type FormsSettings, formsOptions } from './formOptions.ts'

/**
 * Every form of a portal, of all four types, as a Readable of forms as the API returns them.
 *
 * Each form is emitted once, in the server's order: first those that are not archived. A form that is archived while the
 * list is read is emitted once, too. The token needs the scope `forms`. The ids of all forms are kept in memory and in
 * the position.
 *
 * Nothing is requested before the first read. The stream fails with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT, DECODE or PAGING; or with the reason of `signal`.
 *
 * @param client the client of the portal to read; it is not closed
 * @param options which forms, and how they are read; default: every form
 * @throws {LeadpipeError} OPTION for an unknown option or a wrong value.
 *
 * @example
 * ```ts
 * for await (const { id, name, formType } of forms(client)) console.log(id, formType, name)
 * ```
 */
export function forms(client: HubSpotClient, options?: FormsOptions): FormSource {
  checkClient('forms()', client)
  return new FormSource(client, formsOptions(options))
}

/** Every form of a portal, as an object-mode Readable. Made by `forms()`. */
export class FormSource extends SourceReadable<Form, FormsRun> {
  constructor(client: HubSpotClient, settings: FormsSettings) {
    const open = (opening: SourceOpening) => new FormsRun(client, settings, opening)
    const { limit, archived, longNumbers, highWaterMark } = settings
    const stage: SourceStage<Form> = {
      name: 'forms',
      explains: true,
      fingerprint: {
        source: 'forms',
        origin: client.origin,
        archived,
        ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
        ...(longNumbers === 'round' ? {} : { longNumbers }),
      },
      open,
    }
    super(stage, open, { highWaterMark })
  }

  /** The counts so far. */
  get counts(): SourceCounts {
    return this[currentRun].counts()
  }

  /**
   * Where the list continues after the last form that was read from this stream, as plain JSON: for the option `from`
   * of another source with the same options.
   */
  get position(): FormsPosition {
    return (this[lastRead] as FormsPosition | undefined) ?? this[currentRun].start
  }
}

/** Where a page of forms is requested. */
export function formsTarget({ max, archived, after }: FormsRequest): Target {
  const query = new URLSearchParams({ limit: String(max), archived: String(archived) })
  for (const type of formTypes) query.append('formTypes', type)
  if (after !== undefined) query.append('after', after)
  return { path: '/marketing/v3/forms', query: query.toString() }
}

/** Reads the list of forms once. */
export class FormsRun extends ListRun<Form, FormsRequest, number> {
  /** The position where the list begins or resumes. */
  readonly start: FormsPosition

  constructor(client: HubSpotClient, settings: FormsSettings, { state, ...opening }: SourceOpening) {
    const { archived, decode, longNumbers, maxRecordBytes, maxDepth, limit, readAheadBytes, signal } =
      settings
    const { wants } = opening
    const saved = state as (ListState & { position: FormsPosition }) | undefined
    const from = saved?.position ?? settings.from
    const pager = new FormsPager(archived, from?.ids)
    const positionOf = ({ cursor, delivered }: ListProgress<number>): FormsPosition => ({
      paging: 'forms',
      records: delivered,
      ids: pager.ids(cursor),
    })
    const start = { cursor: from?.ids.length ?? 0, delivered: from?.records ?? 0 }
    const list: List<Form, FormsRequest, number> = {
      name: 'forms',
      client,
      plan: sequentialPlan(pager, start.cursor),
      pages: hooks =>
        clientPages({
          ...{ client, target: formsTarget, elements: ['results'] },
          recordOf: objectOf<Form>('a form', wants.origins),
          ...{ decode, longNumbers, maxDepth },
          ...{ maxLeadBytes: maxRecordBytes, sizeOption: 'maxRecordBytes' },
          ...{ rejected: wants.rejected ? 'emit' : 'fail', lines: wants.lines },
          ...hooks,
        }),
      positionOf,
      ...{ limit, readAheadBytes, signal },
    }
    super(list, opening, { ...saved, delivered: start.delivered })
    this.start = positionOf(start)
  }
}
