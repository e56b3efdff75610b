import { close, constants, createReadStream, fstat, open } from 'node:fs'
import { Socket } from 'node:net'
import { pipeline, type Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip } from 'node:zlib'
import { countReplaced } from '../decode/countReplaced.ts'
import { type ParsedElement, parseElement } from '../decode/parseElement.ts'
import { scanText } from '../decode/ValueScanner.ts'
import { describe, LeadpipeError } from '../errors.ts'
import type { Lead } from '../lead/Lead.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { addChanges, noChanges } from '../stage/Changes.ts'
import type { Quarantined } from '../stage/Quarantined.ts'
import { Rejected, type RejectedProblem } from '../stage/Rejected.ts'
import { type Batch, batchOf, type SourceOpening, type SourceRun } from '../stage/SourceStage.ts'
import { SourceReadable } from '../streams/SourceReadable.ts'
import { linesOf } from './linesOf.ts'
import { objectOf, rejectedError } from './objectOf.ts'
import { type LeadsOptions, leadsRules, longestString } from './options.ts'

const { maxLeadBytes, maxDepth, longNumbers } = leadsRules.options
/** What the options accept. */
const rules = {
  owner: 'quarantined()',
  options: { maxLeadBytes, maxDepth, longNumbers } as OptionRules['options'],
}

/** How leads of a quarantine file are read: these options are the same as for `leads()`. */
export type QuarantinedOptions = Pick<LeadsOptions, 'maxLeadBytes' | 'maxDepth' | 'longNumbers'>

type Settings = { [Name in keyof QuarantinedOptions]-?: NonNullable<QuarantinedOptions[Name]> }

/**
 * The leads of a quarantine file that `validate({ onInvalid: 'quarantine' })` wrote.
 *
 * @param path the path of the NDJSON file, or of a FIFO; a file whose name ends in .gz is decompressed
 * @param options `maxLeadBytes`, `maxDepth` and `longNumbers`, as for `leads()`. A line may have six times
 * `maxLeadBytes` (JSON's escapes) plus 1 MiB.
 * @throws {LeadpipeError} OPTION if `path` is not a path (such as a URL), or for a wrong option. The stream fails with
 * SOURCE if the file can't be read, its gzip data is cut off, or a line is too long or not a quarantine record; and with DECODE at an
 * element that still is not a lead, unless `run` has a `validate` that accepts it. Empty lines are skipped.
 *
 * @example
 * ```ts
 * await run(quarantined('rejected.ndjson'), map(repair), validate(), toFile('repaired.ndjson'))
 * ```
 */
export function quarantined(path: string, options?: QuarantinedOptions): QuarantineSource {
  if (typeof path !== 'string' || path === '' || /^[a-z][a-z\d+.-]+:\/\//i.test(path)) {
    const expected = 'the path of a quarantine file'
    throw optionError({ owner: rules.owner, option: 'path', expected, received: describe(path) })
  }
  return new QuarantineSource(path, checkOptions(options, rules) as Settings)
}

/**
 * The contents of a quarantine file as a Readable of leads, so that they can go through a pipeline again after a fix.
 * An element that still is not a lead goes to `validate`, as in the run that quarantined it. Made by `quarantined()`.
 */
export class QuarantineSource extends SourceReadable<Lead> {
  /** The path of the file, as given. */
  readonly path: string

  /** @param options checked */
  constructor(path: string, options: Settings) {
    const open = (opening: SourceOpening) => new QuarantineRun(path, options, opening)
    super({ name: 'quarantined', reads: path, open }, open)
    this.path = path
  }
}

/** Reads a quarantine file once, line by line. */
class QuarantineRun implements SourceRun<Lead> {
  readonly #path: string
  readonly #options: Settings
  readonly #wants: SourceOpening['wants']
  readonly #leads: AsyncGenerator<Lead | Rejected>
  readonly #counts = { delivered: 0, rejected: 0, ...noChanges() }
  #file: Readable | undefined
  #isClosed = false

  constructor(path: string, options: Settings, { wants }: SourceOpening) {
    this.#path = path
    this.#options = options
    this.#wants = wants
    this.#leads = this.#read()
  }

  async next(): Promise<Batch<Lead> | undefined> {
    const { done, value } = await this.#leads.next()
    return done ? undefined : batchOf([value])
  }

  facts() {
    return { source: { name: 'quarantined', ...this.#counts } }
  }

  save(): undefined {}

  async close(): Promise<void> {
    this.#isClosed = true
    // A read from a pipe may never return: destroying the file ends the leads.
    this.#file?.destroy()
    await this.#leads.return(undefined).catch(() => {})
  }

  async *#read(): AsyncGenerator<Lead | Rejected> {
    let line = 0
    try {
      for await (const record of linesOf(await this.#open(), maxLineBytes(this.#options.maxLeadBytes))) {
        line += 1
        if (record.length > 0) yield this.#lead(record, line)
      }
    } catch (error) {
      throw this.#error(error, line)
    }
  }

  async #open(): Promise<Readable> {
    const file = await openBytes(this.#path)
    this.#file = file
    if (this.#isClosed) file.destroy()
    if (!/\.gz$/i.test(this.#path)) return file
    const plain = createGunzip()
    // An error is seen on `plain`, because pipeline destroys it with the error.
    pipeline(file, plain, () => {})
    return plain
  }

  #lead(bytes: Buffer, line: number): Lead | Rejected {
    const text = bytes.toString()
    const { raw, page = 1, position } = parseRecord(text, this.#path, line)
    const location = { page, element: position?.element ?? line - 1, byte: position?.byte ?? 0 }
    const { value, ...found } = parsed(raw, location, this.#options)
    const lead = objectOf<Lead>('a lead', this.#wants.origins)({ value, raw, location })
    if (lead instanceof Rejected && !this.#wants.rejected) throw rejectedError(lead)
    this.#counts[lead instanceof Rejected ? 'rejected' : 'delivered'] += 1
    addChanges(this.#counts, { ...noChanges(), ...found, replacedCharacters: countReplaced(text, bytes) })
    return lead
  }

  #error(cause: unknown, line: number): LeadpipeError {
    if (cause instanceof LeadpipeError) return cause
    const isTooLong = cause instanceof RangeError
    const why = isTooLong
      ? `${cause.message}, which a record of a lead of maxLeadBytes (${this.#options.maxLeadBytes}) may have`
      : whyOf(cause as NodeJS.ErrnoException)
    return new LeadpipeError('SOURCE', `can't read ${this.#path}: ${why}`, {
      cause,
      context: { path: this.#path, line: isTooLong ? line + 1 : line },
    })
  }
}

/**
 * The maximum size of a line in bytes. In a JSON string, each byte of a lead's text takes up to six characters; the
 * violated rules and the location take far less than 1 MiB. A line can't be longer than the engine's longest string.
 */
const maxLineBytes = (maxLeadBytes: number) => Math.min(6 * maxLeadBytes + 1024 * 1024, longestString)

function whyOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'Z_BUF_ERROR') return 'its gzip data ends early'
  return code?.startsWith('Z_') ? 'its name ends in .gz, and it is not valid gzip data' : message
}

function parseRecord(text: string, path: string, line: number): Quarantined {
  try {
    const record = JSON.parse(text) as Quarantined
    if (typeof record.raw === 'string') return record
  } catch {
    // The error below says what was expected.
  }
  throw new LeadpipeError(
    'SOURCE',
    `${path}, line ${line}: expected a quarantine record, with its raw text`,
    {
      context: { path, line },
    },
  )
}

function parsed(
  raw: string,
  location: Rejected['location'],
  { maxDepth, longNumbers }: Settings,
): Partial<ParsedElement> {
  const reject = (problem: RejectedProblem, message: string) => ({
    value: new Rejected(problem, message, raw, location),
  })
  try {
    const scanned = scanText(raw, maxDepth)
    const element = parseElement(raw, scanned, longNumbers)
    return scanned.isTooDeep ? reject('too deep', `it is nested deeper than maxDepth (${maxDepth})`) : element
  } catch {
    return reject('malformed', 'it is not valid JSON')
  }
}

/**
 * The bytes of a file, a FIFO or a pipe, as a stream that can be destroyed at any moment.
 *
 * @throws {Error} of the file system, such as ENOENT
 */
async function openBytes(path: string): Promise<Readable> {
  // Opening a FIFO without a writer would block, and nothing could end that wait. (Windows has neither the flag nor
  // FIFOs.)
  const fd = await promisify(open)(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await promisify(fstat)(fd)
    // A pool thread that reads from a pipe can't be cancelled, so the event loop waits for the bytes instead.
    return stats.isFIFO()
      ? new Socket({ fd, readable: true, writable: false })
      : createReadStream(path, { fd })
  } catch (error) {
    await promisify(close)(fd)
    throw error
  }
}
