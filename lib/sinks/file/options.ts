import { basename, sep } from 'node:path'
import type { OptionContext } from '../../errors/ErrorContexts.ts'
import { describe } from '../../errors.ts'
import { type Format, formatNames } from '../../formats/formats.ts'
import { checkOptions, type OptionRules, optionError } from '../../options/checkOptions.ts'
import { choice, integer } from '../../options/optionRule.ts'

/** How a file is written. */
export interface FileOptions {
  /** How records are written. Default: from the name: .ndjson and .jsonl, or .json. */
  format?: Format | undefined
  /** How the file is compressed. Default: from the name: 'gzip' for .gz, 'none' for all others. */
  compression?: 'gzip' | 'none' | undefined
  /** How many records are buffered before backpressure stops the sender, 1 or more. Default: 16, Node's own. */
  highWaterMark?: number | undefined
}

/** The options with every default filled in. */
export interface FileSettings {
  format: Format
  compression: 'gzip' | 'none'
  highWaterMark: number
  /** The option that gave the path, for messages. */
  given: PathOption
}

/** The option that gives a path. */
export interface PathOption {
  readonly owner: string
  readonly option: string
}

/** What the options accept. */
export const fileRules: OptionRules = {
  owner: 'toFile()',
  options: {
    format: { enum: formatNames, expected: `one of ${formatNames.join(', ')}` },
    compression: choice('gzip', 'none'),
    highWaterMark: integer({ min: 1, unit: 'records', default: 16 }),
  },
}

/** A path is not shortened: its end matters. */
const describePath = (path: unknown) => (typeof path === 'string' ? JSON.stringify(path) : describe(path))

const endings: Readonly<Record<string, Format>> = { ndjson: 'ndjson', jsonl: 'ndjson', json: 'json' }

/**
 * Checks the path and the options of `toFile`, and derives format and compression from the name.
 *
 * @param by the option that gives the path
 * @throws {LeadpipeError} OPTION
 */
export function fileSettings(
  path: string,
  given?: FileOptions,
  by: PathOption = { owner: fileRules.owner, option: 'path' },
): FileSettings {
  const wrongPath = (expected: string, remedy?: OptionContext['remedy']) =>
    optionError({ ...by, expected, received: describePath(path), remedy })
  if (typeof path !== 'string' || path === '') throw wrongPath('the path of a file')
  const remedy = urlRemedy(path, by.owner === fileRules.owner)
  if (remedy !== undefined) throw wrongPath('the path of a file', remedy)
  if (path.endsWith('/') || path.endsWith(sep))
    throw wrongPath('the path of a file', 'add the name of the file')
  const words = basename(path).match(/\{[^{}]*[a-z][^{}]*\}/gi) ?? []
  if (words.some(word => word !== '{date}' && word !== '{time}')) {
    throw wrongPath('{date} and {time} as the only words in braces')
  }
  const options = checkOptions(given, fileRules)
  const zipped = /\.gz$/i.test(path)
  const name = (zipped ? path.slice(0, -3) : path).toLowerCase()
  const ending = Object.keys(endings).find(one => name.endsWith(`.${one}`))
  const format = options.format ?? endings[ending ?? '']
  if (format === undefined) {
    const names = Object.keys(endings).map(name => `.${name}`)
    const to = `${formatNames.map(one => `'${one}'`).join(' or ')} for any other name`
    throw wrongPath(`a name that ends in ${names.join(', ')} (and .gz)`, {
      owner: fileRules.owner,
      option: 'format',
      to,
    })
  }
  return {
    format,
    compression: options.compression ?? (zipped ? 'gzip' : 'none'),
    highWaterMark: options.highWaterMark as number,
    given: by,
  }
}

/**
 * What to do about a URL in place of a path; undefined for a path. The drive of a Windows path has one letter.
 *
 * @param isSink whether a sink for URLs can take its place
 */
function urlRemedy(path: string, isSink: boolean): string | undefined {
  if (/^file:/i.test(path)) return 'give its path, without file://'
  if (!/^(https?:|[a-z][a-z\d+.-]+:\/\/)/i.test(path)) return undefined
  if (!isSink) return "it can't be a URL"
  if (/^https?:\/\//i.test(path)) return 'use toHttp() for a URL'
  if (/^https?:/i.test(path)) return 'a URL begins with http:// or https://'
  return 'of URLs, only those of http and https can be written to'
}
