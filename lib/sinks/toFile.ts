import { FileSink } from './file/FileSink.ts'
import { type FileOptions, fileSettings } from './file/options.ts'

/**
 * Records to a file: NDJSON (.ndjson, .jsonl) or one JSON array (.json), compressed for .gz.
 *
 * The file appears when it is complete: until then its bytes are in a temporary file beside it, ending in
 * `.partial`, which is removed when the run fails. An older file of that name is replaced then, not before.
 * With a checkpoint, the temporary file is the path and `.partial`, and stays when the run fails: the next run
 * goes on with it.
 *
 * In the path, `{date}` stands for the UTC day (2026-03-01) and `{time}` for the UTC second
 * (2026-03-01T09-30-00Z) at the first write, or what `nameBy` says; what else is in braces stays as it is. A
 * run that goes on from a checkpoint keeps the name that it began with.
 *
 * @throws {LeadpipeError} OPTION for a wrong option, or a name that does not tell the format. The stream
 * fails with SINK when the file can't be written.
 *
 * @example
 * ```ts
 * toFile('leads.ndjson.gz')
 * toFile('exports/leads-{date}.json')
 * toFile('/dev/stdout', { format: 'json' })
 * ```
 */
export function toFile(path: string, options?: FileOptions): FileSink {
  return new FileSink(path, fileSettings(path, options))
}
