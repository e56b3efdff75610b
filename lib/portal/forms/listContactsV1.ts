import { jsonAnswer } from '../crm/jsonAnswer.ts'
import { recordIdOf } from '../crm/recordId.ts'
import { recordsOf } from '../crm/recordsOf.ts'
import { readInteger, readWord } from '../list/readParameter.ts'
import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { contactV1, submissionModes } from './contactV1.ts'
import { readLimit } from './readLimit.ts'

/** The properties of an answer if the request names none. */
const usual = ['firstname', 'lastname', 'company', 'lastmodifieddate']

/**
 * `GET /contacts/v1/lists/all/contacts/all`: contacts with their form submissions, by their ids. Deleted leads are not
 * in it. `vidOffset` is the last id of the page before.
 */
export function listContactsV1({ query }: Call, served: Served): Answer {
  const count = readLimit(query, { name: 'count', default: 20, most: 100 })
  const offset = readInteger(query, 'vidOffset') ?? 0
  const submissions = readWord(query, 'formSubmissionMode', submissionModes) ?? 'newest'
  const records = recordsOf(served, 'contacts')
  const asked = query.getAll('property')
  const properties = (asked.length === 0 ? usual : asked).flatMap(name => records.property(name) ?? [])
  const seqs = records.list(records.firstSeqFrom(String(offset + 1)), false, count + 1)
  const page = seqs.slice(0, count)
  return jsonAnswer({
    contacts: records.read(page, true).map(record => contactV1(record, { submissions, properties })),
    'has-more': seqs.length > count,
    'vid-offset': page.length === 0 ? 0 : Number(recordIdOf(page.at(-1) as number)),
  })
}
