import { leadAttributes } from '../list/sortKeys.ts'

/*
 * Two tables. `lead` is narrow: a row holds what a request may filter by, so that passing over many rows
 * costs little. `body` holds the JSON text of the same leads, read for the rows of one page only.
 *
 * A lead's text is kept in three pieces around its conversion events, so that both forms of it are made by
 * joining text. Neither form is ever parsed for an answer.
 */

/** The times that a list can be restricted to or sorted by; 0 where the lead has none. */
export const timeColumns = [
  'insertedAt',
  'firstConvertedAt',
  'lastConvertedAt',
  'lastModifiedAt',
  'closedAt',
  'lastEventAt',
] as const

/** The attributes that are sorted by often enough to have their index from the start. */
export const textColumns = ['guid', 'email'] as const

/** What a list can be restricted to; 1 for true, 0 for all else. */
export const flagColumns = [
  'isDeleted',
  'emailOptOut',
  'eligibleForEmail',
  'emailBounced',
  'imported',
] as const

const typed = (columns: readonly string[], type: string): string =>
  columns.map(c => `${c} ${type}`).join(', ')

/**
 * The tables. `seq` is the order of insertion, the tie-break of every sort. `search` holds the lower-case
 * UTF-8 of the searched fields. `meta` has one row, written in the transaction that fills the others: where
 * it is, the store is complete.
 */
export const createTables = `
  CREATE TABLE meta (format INTEGER NOT NULL, generator INTEGER, seed INTEGER, leads INTEGER NOT NULL);
  CREATE TABLE lead (
    seq INTEGER PRIMARY KEY,
    ${textColumns.join(', ')},
    ${typed([...timeColumns, ...flagColumns], 'INTEGER NOT NULL')},
    search BLOB NOT NULL
  );
  CREATE TABLE body (
    seq INTEGER PRIMARY KEY,
    headText TEXT NOT NULL,
    eventsText TEXT NOT NULL,
    tailText TEXT NOT NULL,
    withEvents TEXT AS (headText || eventsText || tailText),
    withoutEvents TEXT AS (headText || CASE eventsText WHEN '' THEN '' ELSE '[]' END || tailText),
    ${leadAttributes.map(attributeColumn).join(',\n    ')}
  );`

/** Virtual: it takes no room, and its value is made when it is sorted by or an index is built on it. */
function attributeColumn(name: string): string {
  return name === 'leadConversionEvents'
    ? `"${name}" AS (json_extract(nullif(eventsText, ''), '$'))`
    : `"${name}" AS (json_extract(withoutEvents, '$."${name}"'))`
}

/**
 * The indexes, made when the rows are in. They hold all that an ordinary list looks at: passing over the
 * leads before an offset then never touches the table.
 */
export const createIndexes = [...textColumns, ...timeColumns]
  .map(column => `CREATE INDEX lead_by_${column} ON lead (${indexed(column).join(', ')})`)
  .join(';')

function indexed(column: string): readonly string[] {
  return [...new Set([column, 'seq', 'insertedAt', ...flagColumns])]
}

/** The index of another attribute, made when it is sorted by for the first time. */
export const createAttributeIndex = (name: string): string =>
  `CREATE INDEX IF NOT EXISTS body_by_${name} ON body ("${name}")`

/** The guid of an event in `json_each`; a user's own events may be anything. */
const eventGuid = `CASE event.type WHEN 'object' THEN event.value ->> '$.guid' END`

/**
 * Which lead has which conversion event: a table that is made when a lead is first looked for by an event. A
 * trigger adds the events of leads that are inserted later; events never change.
 */
export const createEventTable = `
  CREATE TABLE IF NOT EXISTS event AS
    SELECT ${eventGuid} AS guid, body.seq AS seq FROM body, json_each(nullif(body.eventsText, '')) AS event;
  CREATE INDEX IF NOT EXISTS event_by_guid ON event (guid);
  CREATE TRIGGER IF NOT EXISTS event_of_body AFTER INSERT ON body BEGIN
    INSERT INTO event SELECT ${eventGuid}, new.seq FROM json_each(nullif(new.eventsText, '')) AS event;
  END`
