import type { Lead } from 'leadpipe'

/** The lines that each job writes for a lead, by hand; `operators.ts` has the same jobs with leadpipe. */
const jobs: Readonly<Record<string, (lead: Lead) => string>> = {
  leads: lead => `${JSON.stringify(lead)}\n`,
  project: ({ guid, email, firstName, lastName, company, country, crmDetails, insertedAt: at }) => {
    const status = crmDetails?.status
    return `${JSON.stringify({ guid, email, firstName, lastName, company, country, status, at })}\n`
  },
  events({ guid, email, leadConversionEvents = [] }) {
    let lines = ''
    for (const { formName: form, convertDate: at } of leadConversionEvents)
      lines += `${JSON.stringify({ guid, email, form, at })}\n`
    return lines
  },
  'form-values'({ guid, leadConversionEvents = [] }) {
    let lines = ''
    for (const { formName: form, formSubmissionValues = [] } of leadConversionEvents)
      for (const { fieldName: field, fieldValue: value } of formSubmissionValues)
        lines += `${JSON.stringify({ guid, form, field, value })}\n`
    return lines
  },
}

/** The lines that the job of this process writes for a lead. */
export const linesOf = jobs[process.env.JOB as string] as (lead: Lead) => string
