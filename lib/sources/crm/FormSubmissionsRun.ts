import type { FormSubmission } from '../../crm/FormSubmission.ts'
import type { SubmissionsPosition } from '../../crm/formPositions.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import type { SubmissionCursor } from '../../paging/crm/SubmissionsPager.ts'
import {
  type RefusedForm,
  SubmissionsPlan,
  type SubmissionsRequest,
} from '../../paging/crm/SubmissionsPlan.ts'
import type { Batch, SourceOpening } from '../../stage/SourceStage.ts'
import { clientPages, type Target } from '../clientPages.ts'
import type { ListProgress } from '../DeliveredItems.ts'
import { type List, ListRun, type ListState } from '../ListRun.ts'
import { objectOf } from '../objectOf.ts'
import type { PageSource } from '../Page.ts'
import type { FormSubmissionsSettings } from './formOptions.ts'
import { formsTarget } from './forms.ts'

/** The state of a list of submissions that a restart needs: plain JSON. */
export interface SubmissionsState extends ListState {
  position: SubmissionsPosition
  /** The forms that the portal refused. */
  refused?: readonly RefusedForm[]
}

/** What a report says about the forms whose submissions were read. */
export interface FormsFacts {
  /** The number of forms, refused ones too; without those before a restart. Absent until the list of forms is read. */
  count?: number
  /** Those that the portal refused: how many, and the first 100 of them. */
  refused: { count: number; forms: RefusedForm[] }
  /** The time of the submissions: from `since` on (absent: no bound), and before `until`. In milliseconds. */
  since?: number
  until?: number
}

const maxNamed = 100

type Cursor = SubmissionCursor | undefined

/** Reads the submissions of forms once. */
export class FormSubmissionsRun extends ListRun<FormSubmission, SubmissionsRequest, Cursor> {
  readonly #plan: SubmissionsPlan
  readonly #positionOf: (progress: ListProgress<Cursor>) => SubmissionsPosition
  readonly #before: number

  constructor(
    client: HubSpotClient,
    settings: FormSubmissionsSettings,
    { state, ...opening }: SourceOpening,
  ) {
    const { limit, readAheadBytes, signal } = settings
    const saved = state as SubmissionsState | undefined
    const from = saved?.position ?? settings.from
    const plan = new SubmissionsPlan(settings, from, saved?.refused)
    const delivered = from?.records ?? 0
    const positionOf = ({ cursor, delivered }: ListProgress<Cursor>): SubmissionsPosition => ({
      paging: 'submissions',
      records: delivered,
      ...plan.position(cursor),
    })
    const list: List<FormSubmission, SubmissionsRequest, Cursor> = {
      ...{ name: 'formSubmissions', client, plan, positionOf },
      pages: hooks => pagesOf(client, settings, plan, opening.wants, hooks),
      answered: time => plan.answered(time),
      ready: plan.ready,
      ...{ limit, readAheadBytes, signal },
    }
    super(list, opening, { ...saved, delivered })
    this.#plan = plan
    this.#positionOf = positionOf
    this.#before = delivered
  }

  /** The position where the list begins or resumes. */
  get start(): SubmissionsPosition {
    return this.#positionOf({ cursor: undefined, delivered: this.#before })
  }

  get time(): Date | undefined {
    const { until } = this.start
    return until === undefined ? undefined : new Date(until)
  }

  /** The forms whose submissions are read, for the report. */
  get forms(): FormsFacts {
    const { forms: count, refused } = this.#plan
    const { since, until } = this.start
    return {
      ...(count === undefined ? {} : { count }),
      refused: { count: refused.length, forms: refused.slice(0, maxNamed) },
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    }
  }

  override facts() {
    return { forms: this.forms, ...super.facts() }
  }

  override save(batch: Batch<FormSubmission> | undefined, processed: number): SubmissionsState {
    const state = super.save(batch, processed)
    const { refused } = this.#plan
    return {
      ...state,
      position: state.position as SubmissionsPosition,
      ...(refused.length === 0 ? {} : { refused }),
    }
  }
}

function pagesOf(
  client: HubSpotClient,
  { decode, longNumbers, maxRecordBytes, maxDepth }: FormSubmissionsSettings,
  plan: SubmissionsPlan,
  wants: SourceOpening['wants'],
  hooks: Parameters<List<FormSubmission, SubmissionsRequest, Cursor>['pages']>[0],
): PageSource<FormSubmission, SubmissionsRequest> {
  const pages = clientPages<FormSubmission, SubmissionsRequest>({
    ...{ client, target, elements: ['results'] },
    recordOf: objectOf('a form submission', wants.origins),
    ...{ decode, longNumbers, maxDepth },
    ...{ maxLeadBytes: maxRecordBytes, sizeOption: 'maxRecordBytes' },
    rejected: wants.rejected ? 'emit' : 'fail',
    ...hooks,
  })
  return {
    ...pages,
    async backOff(error, failures, signal, request) {
      if (!plan.refuse(request, error)) await pages.backOff(error, failures, signal, request)
    },
  }
}

function target(request: SubmissionsRequest): Target {
  if (!('form' in request)) return formsTarget(request)
  const { max, form, after } = request
  const query = new URLSearchParams({ limit: String(max), ...(after === undefined ? {} : { after }) })
  return {
    path: `/form-integrations/v1/submissions/forms/${encodeURIComponent(form)}`,
    query: query.toString(),
  }
}
