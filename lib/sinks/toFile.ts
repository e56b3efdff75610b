import { FileSink } from './file/FileSink.ts'
import { type FileOptions, fileSettings } from './file/options.ts'

/**
 * Records to a file: NDJSON (.ndjson, .jsonl) or one JSON array (.json), compressed for .gz.
 *
 * The file appears when it is complete: until then its bytes are in a temporary file beside it, ending in
 * `.partial`, which is removed when the run fails. An older file of that name is replaced then, not before.
 *
 * @throws {LeadpipeError} OPTION for a wrong option, or a name that does not tell the format. The stream
 * fails with SINK when the file can't be written.
 *
 * @example
 * ```ts
 * toFile('leads.ndjson.gz')
 * toFile('/dev/stdout', { format: 'json' })
 * ```
 */
export function toFile(path: string, options?: FileOptions): FileSink {
  return new FileSink(path, fileSettings(path, options))
}
