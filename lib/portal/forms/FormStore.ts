import type { Value } from '../store/leadRow.ts'
import type { Database } from '../store/loadLibsql.ts'
import { transaction } from '../store/transaction.ts'
import { createFieldTable, createFormTable, eventText } from './formTables.ts'

/** A row of the table `form`. */
export interface FormRow {
  readonly guid: string
  readonly name: string
  readonly formType: string
  /** 0 or 1. */
  readonly archived: number
  /** The times of the first and the last submission. */
  readonly firstAt: number
  readonly lastAt: number
}

/** A field of a form. */
export interface FieldRow {
  readonly name: string
  readonly label: string
}

/** Which forms are requested. */
export interface FormsRequest {
  readonly formTypes: readonly string[]
  readonly archived: boolean
  /** Only forms with a greater guid; "" for all. */
  readonly after: string
  readonly limit: number
}

/** A page of a form's submissions. */
export interface SubmissionsRequest {
  readonly form: string
  readonly offset: number
  readonly limit: number
}

/** A conversion event, as far as its row depends on it. */
export interface SubmissionEvent {
  readonly guid?: string
  readonly formGuid: string
  readonly formName: string
  readonly convertDate: number
}

/** The forms and their submissions, in tables that are created when they are first needed. */
export class FormStore {
  readonly #database: Database
  readonly #created = new Set<string>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Forms in the order of their guids. */
  forms({ formTypes, archived, after, limit }: FormsRequest): FormRow[] {
    this.#create(createFormTable)
    const types = formTypes.map(() => '?').join(', ')
    const sql = `SELECT * FROM form WHERE archived = ? AND formType IN (${types}) AND guid > ? ORDER BY guid LIMIT ?`
    return this.#all(sql, [Number(archived), ...formTypes, after, limit])
  }

  /** The form with this guid. */
  form(guid: string): FormRow | undefined {
    this.#create(createFormTable)
    const [row] = this.#all<FormRow>('SELECT * FROM form WHERE guid = ?', [guid])
    return row
  }

  /** The fields of a form, in the order in which its submissions have them. */
  fields(guid: string): FieldRow[] {
    this.#create(createFieldTable)
    return this.#all('SELECT name, label FROM field WHERE form = ? ORDER BY place, name', [guid])
  }

  /** The JSON texts of a form's submissions as conversion events, newest first. */
  submissions({ form, offset, limit }: SubmissionsRequest): string[] {
    this.#create(createFormTable)
    // The inner query reads only the index: the submissions before the offset are skipped without their texts.
    const newest = 'ORDER BY at DESC, seq DESC, position DESC'
    const page = `SELECT rowid FROM submission INDEXED BY submission_by_form WHERE form = ? ${newest} LIMIT ? OFFSET ?`
    const sql = `SELECT ${eventText('submission')} AS text FROM submission WHERE rowid IN (${page}) ${newest}`
    return this.#all<{ text: string }>(sql, [form, limit, offset]).map(({ text }) => text)
  }

  /** Creates the tables, so that {@link add} needs no transaction of its own. */
  prepare(): void {
    this.#create(createFormTable)
  }

  /** Adds a submission that matches no contact: a conversion event without a lead. */
  add(event: SubmissionEvent): void {
    const { guid = null, formGuid, convertDate, formName } = event
    const ofLast =
      'FROM submission INDEXED BY submission_by_seq WHERE seq IS NULL ORDER BY position DESC LIMIT 1'
    const next = `coalesce((SELECT position ${ofLast}), 0) + 1`
    const sql = `INSERT INTO submission (guid, form, at, position, name, text) VALUES (?, ?, ?, ${next}, ?, ?)`
    this.#database.prepare(sql).run([guid, formGuid, convertDate, formName, JSON.stringify(event)])
  }

  #create(sql: string): void {
    if (this.#created.has(sql)) return
    transaction(this.#database, () => this.#database.exec(sql))
    this.#created.add(sql)
  }

  #all<Row>(sql: string, values: readonly Value[]): Row[] {
    return this.#database.prepare(sql).all(values) as Row[]
  }
}
