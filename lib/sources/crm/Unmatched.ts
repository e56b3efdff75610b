import type { Writable } from 'node:stream'
import type { FormSubmission } from '../../crm/FormSubmission.ts'
import type { OwnStepDefinition } from '../../engine/definition.ts'
import { equation } from '../../stage/Stage.ts'

/** A submission that matches no contact, on its way from `contactsAsLeads()` to its side output. */
export class Unmatched {
  readonly submission: FormSubmission

  constructor(submission: FormSubmission) {
    this.submission = submission
  }
}

/** The operator that `run` puts before all others: it sends unmatched submissions to their output. */
export const unmatchedOperator = (output: string | Writable): OwnStepDefinition => ({
  name: 'contactsAsLeads',
  preserves: true,
  outputs: { unmatched: output },
  options: { unmatched: typeof output === 'string' ? output : true },
  totals: ({ own: { unmatched = 0 } }) => ({ unmatched }),
  equations: ({ in: into, out, unused = 0, own: { unmatched = 0 } }) => [
    equation('leads and unmatched submissions', 'leads + unmatched + unused', into, out + unmatched + unused),
  ],
  create(outputs) {
    let unmatched = 0
    return {
      step(value, emit) {
        if (!(value instanceof Unmatched)) {
          emit(value)
          return
        }
        unmatched += 1
        outputs?.unmatched?.write(value.submission)
      },
      savesCheaply: true,
      save: () => unmatched,
      restore(state) {
        unmatched = state as number
      },
      counts: () => ({ unmatched }),
    }
  },
})
