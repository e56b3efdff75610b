import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../model/Lead.ts'
import { setOrigin } from '../model/origins.ts'
import type { Quarantined } from '../model/Quarantined.ts'
import { Rejected } from '../model/Rejected.ts'
import type { Handing } from './Handing.ts'
import { leadOf, rejectedError } from './leadOf.ts'
import { linesOf } from './linesOf.ts'

/**
 * What a quarantine file holds, as a Readable of leads, so that it can go through a pipeline again after a
 * fix. What still is no lead goes to `validate`, as in the run that set it aside. Made by `quarantined()`.
 */
export class QuarantineSource extends Readable {
  /** Set by `run`, before the first read. */
  handing: Handing = { rejected: false, origins: false }
  readonly #path: string
  #leads: AsyncGenerator<Lead | Rejected> | undefined

  constructor(path: string) {
    super({ objectMode: true })
    this.#path = path
  }

  /** The leads, for `for await`. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Lead> {
    return super[Symbol.asyncIterator]()
  }

  override _read(): void {
    this.#leads ??= this.#read()
    this.#leads.next().then(
      ({ done, value }) => this.push(done ? null : value),
      error => this.destroy(error),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const end = () => callback(error)
    if (this.#leads === undefined) end()
    else this.#leads.return(undefined).then(end, end)
  }

  async *#read(): AsyncGenerator<Lead | Rejected> {
    let line = 0
    try {
      const file = createReadStream(this.#path)
      const text = /\.gz$/i.test(this.#path) ? file.compose(createGunzip()) : file
      for await (const record of linesOf(text)) {
        line += 1
        if (record !== '') yield this.#lead(record, line)
      }
    } catch (error) {
      throw sourceError(this.#path, line, error)
    }
  }

  #lead(text: string, line: number): Lead | Rejected {
    const { raw, page = 1, position } = parseRecord(text, this.#path, line)
    const place = { page, element: position?.element ?? line - 1, byte: position?.byte ?? 0 }
    const lead = leadOf(parsed(raw, place), raw, place)
    if (!(lead instanceof Rejected)) {
      if (this.handing.origins) setOrigin(lead, { raw, ...place })
    } else if (!this.handing.rejected) {
      throw rejectedError(lead)
    }
    return lead
  }
}

function parseRecord(text: string, path: string, line: number): Quarantined {
  try {
    const record = JSON.parse(text) as Quarantined
    if (typeof record.raw === 'string') return record
  } catch {
    // It is told below what it is not.
  }
  throw new LeadpipeError(
    'SOURCE',
    `${path}, line ${line}: expected a quarantine record, with its raw text`,
    {
      context: { path, line },
    },
  )
}

function parsed(raw: string, place: Rejected['place']): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return new Rejected('malformed', 'it is not valid JSON', raw, place)
  }
}

function sourceError(path: string, line: number, cause: unknown): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const why = code === 'ENOENT' ? 'there is no such file' : message
  return new LeadpipeError('SOURCE', `can't read ${path}: ${why}`, { cause, context: { path, line } })
}
