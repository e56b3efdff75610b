import { leadAttributes } from '../list/sortKeys.ts'

/*
 * Two tables. `lead` is narrow: a row holds the values that a request may filter by, so that reading over many rows
 * costs little. `body` holds the JSON text of the same leads, and is read only for the rows of one page.
 *
 * A lead's text is kept in three pieces around its conversion events, so that both forms of it are created by
 * joining text. Neither form is ever parsed for an answer.
 */

/** The times by which a list can be filtered or sorted; 0 if the lead has none. */
export const timeColumns = [
  'insertedAt',
  'firstConvertedAt',
  'lastConvertedAt',
  'lastModifiedAt',
  'closedAt',
  'lastEventAt',
] as const

/** The attributes that are used for sorting so often that they have an index from the start. */
export const textColumns = ['guid', 'email'] as const

/** The flags by which a list can be filtered; 1 for true, 0 for everything else. */
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
 * The tables. `seq` is the order of insertion, the tie-break of every sort. `search` holds the lower-case UTF-8 of
 * the searched fields. `meta` has one row, written in the transaction that fills the others: if it exists, the store
 * is complete.
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

/** A virtual column: it takes no space, and its value is calculated for a sort or for an index. */
function attributeColumn(name: string): string {
  return name === 'leadConversionEvents'
    ? `"${name}" AS (json_extract(nullif(eventsText, ''), '$'))`
    : `"${name}" AS (json_extract(withoutEvents, '$."${name}"'))`
}

/**
 * The indexes, created after the rows are inserted. They hold all values that an ordinary list needs: skipping the
 * leads before an offset never touches the table.
 */
export const createIndexes = [...textColumns, ...timeColumns]
  .map(column => `CREATE INDEX lead_by_${column} ON lead (${indexed(column).join(', ')})`)
  .join(';')

function indexed(column: string): readonly string[] {
  return [...new Set([column, 'seq', 'insertedAt', ...flagColumns])]
}

/** The index of another attribute, created at the first sort by it. */
export const createAttributeIndex = (name: string): string =>
  `CREATE INDEX IF NOT EXISTS body_by_${name} ON body ("${name}")`

/** The leads that were merged, and what they became part of: created when it is first needed. */
export const createMergedTable =
  'CREATE TABLE IF NOT EXISTS merged (seq INTEGER PRIMARY KEY, survivor INTEGER NOT NULL)'
