import type { FormSubmission } from '../../crm/FormSubmission.ts'
import type { SubmissionsPosition } from '../../crm/formPositions.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import type { SourceOpening, SourceStage } from '../../stage/SourceStage.ts'
import { currentRun, lastRead } from '../../streams/attach.ts'
import { SourceReadable } from '../../streams/SourceReadable.ts'
import { checkClient } from '../checkClient.ts'
import { noCounts, type SourceCounts } from '../SourceCounts.ts'
import { FormSubmissionsRun, type FormsFacts, type SubmissionsState } from './FormSubmissionsRun.ts'
import {
  type FormSubmissionsOptions,
  type FormSubmissionsSettings,
  formSubmissionsOptions,
} from './formOptions.ts'

/**
 * The submissions of a portal's forms, archived ones too, as a Readable: each as the API returns it, with `formGuid` and
 * `formName`.
 *
 * Forms are in the order of their ids, and the submissions of a form from the newest to the oldest. Several forms are
 * read at the same time. Each submission is emitted once, although those that arrive meanwhile shift the pages: it is
 * recognised by its `conversionId`; without one, by its form, time and content, so that two equal ones count as one.
 * Submissions are read from the newest down to `since`, so a short time takes few requests. If they are not in the order
 * newest first, so that new ones can't be told from those already delivered, the stream fails with PAGING. Submissions
 * that are deleted meanwhile may shift others out of a page before it is read.
 *
 * Forms whose submissions the portal refuses are left out, and the report lists them (`report.forms.refused`): forms of
 * the type `blog_comment` (400), forms that the token may not read (403), and forms that were deleted meanwhile (404). If
 * it refuses all of them, the stream fails with its last answer. The token needs the scope `forms`.
 *
 * Nothing is requested before the first read. The stream fails with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT, DECODE or PAGING; with OPTION if the portal has no form with an id of `forms`; or with the reason of `signal`.
 *
 * @param client the client of the portal to read; it is not closed
 * @param options which submissions, and how they are read; default: all until five minutes ago
 * @throws {LeadpipeError} OPTION for an unknown option or a wrong value.
 *
 * @example
 * ```ts
 * const since = new Date('2026-11-01')
 * for await (const { formName, values } of formSubmissions(client, { since })) console.log(formName, values)
 * ```
 */
export function formSubmissions(
  client: HubSpotClient,
  options?: FormSubmissionsOptions,
): FormSubmissionSource {
  checkClient('formSubmissions()', client)
  return new FormSubmissionSource(client, formSubmissionsOptions(options))
}

/** The submissions of a portal's forms, as an object-mode Readable. Made by `formSubmissions()`. */
export class FormSubmissionSource extends SourceReadable<FormSubmission, FormSubmissionsRun> {
  constructor(client: HubSpotClient, settings: FormSubmissionsSettings) {
    const open = (opening: SourceOpening) => new FormSubmissionsRun(client, settings, opening)
    const { forms, since, until, limit, longNumbers, highWaterMark } = settings
    const stage: SourceStage<FormSubmission> = {
      name: 'formSubmissions',
      explains: true,
      fingerprint: {
        source: 'formSubmissions',
        origin: client.origin,
        ...(forms === undefined ? {} : { forms: [...new Set(forms)].sort() }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
        ...(longNumbers === 'round' ? {} : { longNumbers }),
      },
      open,
      ...followed(settings),
    }
    super(stage, open, { highWaterMark })
  }

  /** The counts so far. */
  get counts(): SourceCounts {
    return this[currentRun].counts()
  }

  /** The forms so far: how many there are, those that the portal refused, and the time of the submissions. */
  get forms(): FormsFacts {
    return this[currentRun].forms
  }

  /**
   * Where the list continues after the last submission that was read from this stream, as plain JSON: for the option
   * `from` of another source with the same options.
   */
  get position(): SubmissionsPosition {
    return (this[lastRead] as SubmissionsPosition | undefined) ?? this[currentRun].start
  }
}

function followed({
  since: first = 0,
  until,
}: FormSubmissionsSettings): Pick<SourceStage, 'following' | 'noneFollows'> {
  if (until !== undefined) {
    const owner = 'formSubmissions()'
    return { noneFollows: { owner, option: 'until', expected: 'none', received: String(until) } }
  }
  return { following: (state, overlap) => following(state as SubmissionsState, first, overlap) }
}

/**
 * The state from which the submissions after a finished run begin. Its `since` also applies to forms that are new since
 * then: a form has no submissions from before it was made, so they are read to their beginning anyway. A form that was
 * refused has older ones: the position names it.
 */
function following(
  { position, ended, limited, refused = [] }: SubmissionsState,
  first: number,
  overlap: number,
): SubmissionsState {
  const { until } = position
  if (!ended || limited || until === undefined) {
    throw new Error(
      'the submissions were not read to their end, because of a limit or an operator that ended the run',
    )
  }
  // Forms of a type without submissions (400) never have any.
  const unread = refused.filter(({ status }) => status !== 400).map(({ formGuid }) => formGuid)
  const since = Math.max(first, until - overlap)
  return {
    position: { paging: 'submissions', records: 0, since, ...(unread.length > 0 ? { unread } : {}) },
    counts: noCounts(),
    ended: false,
  }
}
