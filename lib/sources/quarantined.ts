import { checkOptions, optionError } from '../options/checkOptions.ts'
import { type LeadsOptions, leadsDefaults, maxLeadBytesRule } from './options.ts'
import { QuarantineSource } from './QuarantineSource.ts'

const rules = { owner: 'quarantined() options', options: { maxLeadBytes: maxLeadBytesRule } }

/**
 * The leads of a quarantine file that `validate({ onInvalid: 'quarantine' })` wrote.
 *
 * @param path of the NDJSON file, or of a FIFO that it comes through; one that ends in .gz is decompressed
 * @param options `maxLeadBytes`, as for `leads()`: the most bytes that the text of one lead may have, 1 or more. A
 * line may have six times that (JSON's escapes) and 1 MiB. Default: 16 MiB.
 * @throws {LeadpipeError} OPTION when `path` is no path, or for a wrong option. The stream fails with SOURCE when the
 * file can't be read, its gzip data is cut, or a line is too long or no quarantine record, and with DECODE at an
 * element that still is no lead, unless `run` has a `validate` that takes it. Empty lines are passed over.
 *
 * @example
 * ```ts
 * await run(quarantined('rejected.ndjson'), map(repair), validate(), toFile('repaired.ndjson'))
 * ```
 */
export function quarantined(path: string, options?: Pick<LeadsOptions, 'maxLeadBytes'>): QuarantineSource {
  if (typeof path !== 'string' || path === '') {
    throw optionError('quarantined() path', 'expected the path of a quarantine file', path)
  }
  const { maxLeadBytes = leadsDefaults.maxLeadBytes } = checkOptions(options, rules)
  return new QuarantineSource(path, maxLeadBytes)
}
