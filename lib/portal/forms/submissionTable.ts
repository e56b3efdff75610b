/*
 * A submission of a form is a conversion event of a lead, or one of `portal.submit` that matches no contact. The
 * table `submission` has a row for each: the text of an event stays in the table `body`, where `seq` and `position`
 * find it; only a submission without a contact has its text here. Tables and triggers are created when they are
 * first needed. Triggers keep them up to date.
 */

/** Whether a row of `json_each` is an event; the events of a user's own lead may be anything. */
const isEvent = "event.type = 'object' AND typeof(event.key) = 'integer'"

/** The columns of a row of `submission`, read from the `event` of `json_each`. */
const eventColumns = (seq: string) => `
  event.value ->> '$.guid' AS guid,
  nullif(CASE json_type(event.value, '$.formGuid') WHEN 'text' THEN event.value ->> '$.formGuid' END, '') AS form,
  CASE WHEN json_type(event.value, '$.convertDate') IN ('integer', 'real')
    THEN CAST(event.value ->> '$.convertDate' AS INTEGER) ELSE 0 END AS at,
  ${seq} AS seq,
  event.key AS position,
  event.value ->> '$.formName' AS name,
  NULL AS text`

const insertEvents = `
  INSERT INTO submission SELECT ${eventColumns('new.seq')}
    FROM json_each(nullif(new.eventsText, '')) AS event WHERE ${isEvent};`

/**
 * SQL that creates the table `submission`. `at` is the time of the submission, `form` the guid of its form (NULL if
 * it has none), and `seq` the lead's, NULL without a contact.
 */
export const createSubmissionTable = `
  CREATE TABLE IF NOT EXISTS submission AS
    SELECT ${eventColumns('body.seq')}
    FROM body, json_each(nullif(body.eventsText, '')) AS event WHERE ${isEvent};
  CREATE INDEX IF NOT EXISTS submission_by_guid ON submission (guid);
  CREATE INDEX IF NOT EXISTS submission_by_form ON submission (form, at, seq, position);
  CREATE INDEX IF NOT EXISTS submission_by_seq ON submission (seq, position);
  CREATE TRIGGER IF NOT EXISTS submission_of_new_body AFTER INSERT ON body BEGIN ${insertEvents} END;
  CREATE TRIGGER IF NOT EXISTS submission_of_body AFTER UPDATE OF eventsText ON body
    WHEN old.eventsText <> new.eventsText
  BEGIN
    DELETE FROM submission WHERE seq = old.seq;
    ${insertEvents}
  END;
  CREATE TRIGGER IF NOT EXISTS submission_of_old_body AFTER DELETE ON body BEGIN
    DELETE FROM submission WHERE seq = old.seq;
  END`
