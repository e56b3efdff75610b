import { blogComments, forms } from '../data/words/forms.ts'
import { createSubmissionTable } from './submissionTable.ts'

/** The made-up forms. Their guids and names need no escapes in SQL. */
const known = [...forms, blogComments]

/** A form that is not made up is of the type `hubspot`, and not archived. */
const formType = (guid: string) =>
  `CASE ${guid} ${known.map(form => `WHEN '${form.guid}' THEN '${form.formType}'`).join(' ')} ELSE 'hubspot' END`

const archived = (guid: string) =>
  `${guid} IN (${known.filter(form => form.archived).map(form => `'${form.guid}'`)})`

/** The text of the event that a row of `submission` stands for. */
export const eventText = (row: string) => `
  coalesce(${row}.text, (SELECT json_extract(eventsText, '$[' || ${row}.position || ']') FROM body WHERE seq = ${row}.seq))`

/**
 * SQL that creates the table `form`: a form exists if a submission names it, and so does the blog's form for comments.
 * The name is that of the newest submission. `firstAt` and `lastAt` are the times of the first and the last one.
 */
export const createFormTable = `${createSubmissionTable};
  CREATE TABLE IF NOT EXISTS form AS
    SELECT form AS guid, max(at) AS lastAt, min(at) AS firstAt,
      coalesce((SELECT name FROM submission AS newest WHERE newest.form = submission.form ORDER BY at DESC LIMIT 1), '')
        AS name,
      ${formType('form')} AS formType, ${archived('form')} AS archived
    FROM submission WHERE form IS NOT NULL GROUP BY form
    UNION ALL SELECT '${blogComments.guid}', 0, 0, '${blogComments.name}', 'blog_comment', 0;
  CREATE UNIQUE INDEX IF NOT EXISTS form_by_guid ON form (guid);
  CREATE TRIGGER IF NOT EXISTS form_of_submission AFTER INSERT ON submission WHEN new.form IS NOT NULL BEGIN
    INSERT INTO form
      VALUES (new.form, new.at, new.at, coalesce(new.name, ''), ${formType('new.form')}, ${archived('new.form')})
      ON CONFLICT (guid) DO UPDATE SET
        name = CASE WHEN excluded.lastAt >= lastAt THEN excluded.name ELSE name END,
        firstAt = min(firstAt, excluded.firstAt),
        lastAt = max(lastAt, excluded.lastAt);
  END`

/** The fields that a submission has values of. `place` is the place in the submission. */
const fieldsOf = (row: string) => `
  json_each(${eventText(row)}, '$.formSubmissionValues') AS value
  WHERE ${row}.form IS NOT NULL AND value.type = 'object' AND json_type(value.value, '$.fieldName') = 'text'`

const fieldColumns = (row: string) => `
  ${row}.form AS form, value.value ->> '$.fieldName' AS name,
  coalesce(value.value ->> '$.fieldLabel', '') AS label, value.key AS place`

/**
 * SQL that creates the table `field`: the fields of the forms, as far as submissions have values of them. Of several
 * labels for one name, the first is kept. Rows that exist already are ignored one by one: grouping all values at the
 * end would need memory for each of them.
 */
export const createFieldTable = `${createFormTable};
  CREATE TABLE IF NOT EXISTS field (form, name, label, place, PRIMARY KEY (form, name)) WITHOUT ROWID;
  INSERT INTO field SELECT ${fieldColumns('submission')} FROM submission, ${fieldsOf('submission')}
    AND NOT EXISTS (SELECT * FROM field) ON CONFLICT DO NOTHING;
  CREATE TRIGGER IF NOT EXISTS field_of_submission AFTER INSERT ON submission BEGIN
    INSERT INTO field SELECT ${fieldColumns('new')} FROM ${fieldsOf('new')} ON CONFLICT DO NOTHING;
  END`
