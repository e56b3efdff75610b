import { emailOf, type FormLabels } from '../../crm/conversionEvents.ts'
import type { FormSubmission } from '../../crm/FormSubmission.ts'
import { LeadpipeError, messageOf } from '../../errors.ts'
import type { Json } from '../../stage/Stage.ts'
import type { Database } from './openDatabase.ts'

/** Marks a file as a spool: "lead" in ASCII. */
export const applicationId = 0x6c656164

const createTables = `
  PRAGMA application_id = ${applicationId};
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
  CREATE TABLE submission (id INTEGER PRIMARY KEY, conversionId TEXT, form TEXT, at INTEGER, email TEXT, text TEXT);
  CREATE TABLE claim (contact TEXT, conversionId TEXT, form TEXT, at INTEGER, pageTitle TEXT);
  CREATE TABLE guid (contact TEXT, guid TEXT);
  CREATE TABLE form (guid TEXT, labels TEXT);
  CREATE TABLE taken (submission INTEGER PRIMARY KEY, contact INTEGER)`

/** They are made when everything is there: that is much faster. */
const createIndexes = `
  CREATE INDEX IF NOT EXISTS submission_by_conversion ON submission (conversionId);
  CREATE INDEX IF NOT EXISTS submission_by_time ON submission (form, at);
  CREATE INDEX IF NOT EXISTS submission_by_email ON submission (email);
  CREATE INDEX IF NOT EXISTS claim_by_contact ON claim (contact);
  CREATE INDEX IF NOT EXISTS claim_by_conversion ON claim (conversionId);
  CREATE INDEX IF NOT EXISTS guid_by_contact ON guid (contact)`

/** Rows between two commits: few enough for the journal, enough that a commit costs next to nothing per row. */
const rowsPerCommit = 10_000
/** Milliseconds between two commits, if there are fewer rows: a kill loses as much. */
const maxDelay = 1_000

/** A submission that the old list of contacts ties to a contact. */
export interface Claim {
  readonly contact: string
  readonly conversionId: string | undefined
  readonly form: string | undefined
  readonly at: number | undefined
  readonly pageTitle: string | undefined
}

type Value = string | number | null | undefined
type Statement = ReturnType<Database['prepare']>

/**
 * The submissions of all forms in an SQLite file, so that each contact's are found without all of them in memory.
 *
 * Everything is written in transactions that also contain how far the reading came (`set`). After a crash, the file
 * holds complete transactions: SQLite's journal undoes the last one. A temporary file needs no journal.
 */
export class Spool {
  /** Tells spools of the same export apart. */
  readonly id: string
  readonly path: string
  readonly #database: Database
  readonly #release: () => Promise<void>
  readonly #statements = new Map<string, Statement>()
  #rows = 0
  #committed = performance.now()
  #isClosed = false

  /** @param release removes the file, if it is not kept, and its lock */
  constructor(database: Database, id: string, path: string, release: () => Promise<void>) {
    this.#database = database
    this.id = id
    this.path = path
    this.#release = release
  }

  /** Makes the tables of a new spool. */
  create(identity: string): void {
    this.transaction(() => {
      this.#database.exec(createTables)
      this.set('id', this.id)
      this.set('identity', identity)
    })
  }

  /** A value of {@link set}; undefined if there is none. */
  get(name: string): Json | undefined {
    const [row] = this.all<{ value: string }>('SELECT value FROM meta WHERE name = ?', name)
    return row && JSON.parse(row.value)
  }

  /** Stores a value as JSON, in the current transaction. */
  set(name: string, value: Json): void {
    this.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', name, JSON.stringify(value))
  }

  addSubmission(submission: FormSubmission): void {
    const { conversionId, formGuid, submittedAt } = submission
    const values = [conversionId, formGuid, submittedAt, emailOf(submission), JSON.stringify(submission)]
    this.run('INSERT INTO submission (conversionId, form, at, email, text) VALUES (?, ?, ?, ?, ?)', ...values)
  }

  addClaim({ contact, conversionId, form, at, pageTitle }: Claim): void {
    this.run('INSERT INTO claim VALUES (?, ?, ?, ?, ?)', contact, conversionId, form, at, pageTitle)
  }

  addGuid(contact: string, guid: string): void {
    this.run('INSERT INTO guid VALUES (?, ?)', contact, guid)
  }

  addForm(guid: string, labels: FormLabels): void {
    this.run('INSERT INTO form VALUES (?, ?)', guid, JSON.stringify([...labels]))
  }

  /** The labels of the fields of all forms, of which a portal has thousands at most. */
  labels(): ReadonlyMap<string, FormLabels> {
    const rows = this.all<{ guid: string; labels: string }>('SELECT guid, labels FROM form')
    return new Map(rows.map(({ guid, labels }) => [guid, new Map(JSON.parse(labels))]))
  }

  /** Makes what the submissions are found by, when all of them are there. Takes some seconds per million rows. */
  index(): void {
    this.transaction(() => this.#database.exec(createIndexes))
  }

  /** Whether so much was written since the last commit that another is due. */
  get isCommitDue(): boolean {
    return this.#rows >= rowsPerCommit || performance.now() - this.#committed >= maxDelay
  }

  /** Reads rows, in the current transaction. */
  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.#guard(() => this.#statement(sql).all(values.map(orNull)) as Row[])
  }

  /** Writes, in the current transaction. Begins one if there is none. */
  run(sql: string, ...values: Value[]): void {
    this.#guard(() => {
      if (!this.#database.inTransaction) this.#database.exec('BEGIN IMMEDIATE')
      this.#statement(sql).run(values.map(orNull))
    })
    this.#rows += 1
  }

  /** Ends the current transaction, if there is one. */
  commit(): void {
    this.#rows = 0
    this.#committed = performance.now()
    if (this.#isClosed) return
    this.#guard(() => {
      if (this.#database.inTransaction) this.#database.exec('COMMIT')
    })
  }

  /** Does all of the work, or nothing. */
  transaction(work: () => void): void {
    this.#guard(() => {
      if (!this.#database.inTransaction) this.#database.exec('BEGIN IMMEDIATE')
      work()
    })
    this.commit()
  }

  /** Closes the file; what is not committed is undone. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#database.close()
    await this.#release()
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  /** @throws {LeadpipeError} SOURCE for an error of the database, such as a full disk */
  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw error instanceof LeadpipeError ? error : unusable(this.path, error)
    }
  }
}

const orNull = (value: Value) => value ?? null

/** The error for a file that can't be read or written. */
export const unusable = (path: string, cause: unknown): LeadpipeError =>
  new LeadpipeError('SOURCE', `the submissions can't be kept in ${path}: ${messageOf(cause)}`, {
    cause,
    context: { path },
  })
