import type { Lead, Operator } from 'leadpipe'
import { compose, explodeEvents, explodeFormValues, project, validate } from './leadpipe.ts'

/** The operators of each job; `byHand.ts` has the same jobs without leadpipe. */
const jobs: Readonly<Record<string, () => Operator<unknown, unknown>>> = {
  leads: () => validate(),
  project: () =>
    compose(
      validate(),
      project({
        guid: 'guid',
        email: 'email',
        firstName: 'firstName',
        lastName: 'lastName',
        company: 'company',
        country: 'country',
        status: 'crmDetails.status',
        at: 'insertedAt',
      }),
    ),
  events: () =>
    compose(
      validate(),
      explodeEvents<Lead>(),
      project({
        guid: 'guid',
        email: 'email',
        form: 'conversionEvent.formName',
        at: 'conversionEvent.convertDate',
      }),
    ),
  'form-values': () =>
    compose(
      validate(),
      explodeEvents<Lead>(),
      explodeFormValues(),
      project({
        guid: 'guid',
        form: 'conversionEvent.formName',
        field: 'formValue.fieldName',
        value: 'formValue.fieldValue',
      }),
    ),
}

/** The operators of a job, as one. */
export const operatorOf = (job: string) => (jobs[job] as () => Operator<unknown, unknown>)()
