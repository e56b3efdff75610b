import { optionError } from '../model/checkOptions.ts'
import { QuarantineSource } from './QuarantineSource.ts'

/**
 * The leads of a quarantine file that `validate({ onInvalid: 'quarantine' })` wrote.
 *
 * @param path of the NDJSON file; one that ends in .gz is decompressed
 * @throws {LeadpipeError} OPTION when `path` is no path. The stream fails with SOURCE when the file can't be
 * read or a line is no quarantine record, and with DECODE at an element that still is no lead, unless `run` has
 * a `validate` that takes it.
 *
 * @example
 * ```ts
 * await run(quarantined('rejected.ndjson'), map(repair), validate(), toFile('repaired.ndjson'))
 * ```
 */
export function quarantined(path: string): QuarantineSource {
  if (typeof path !== 'string' || path === '') {
    throw optionError('quarantined() path', 'expected the path of a quarantine file', path)
  }
  return new QuarantineSource(path)
}
