import { FileSink } from './file/FileSink.ts'
import { type FileOptions, fileSettings } from './file/options.ts'

/**
 * Writes records to a file: NDJSON (.ndjson, .jsonl) or one JSON array (.json), compressed for .gz.
 *
 * The file appears when it is complete, and replaces an older file of that name only then. Until then its bytes are in
 * a temporary file in the same directory, ending in `.partial`, which is removed if the run fails. With a checkpoint,
 * the temporary file belongs to that checkpoint and stays if the run fails: the next run resumes it.
 *
 * In the path, `{date}` is replaced by the UTC day (2026-03-01) and `{time}` by the UTC second (2026-03-01T09-30-00Z):
 * of the end of the time window if the source has one, or of the first write. Another word in braces is refused. A run
 * that resumes from a checkpoint keeps the name that it started with.
 *
 * A device or a named pipe is written to directly, and waits for its reader. The name of a descriptor that is a regular
 * file, such as /dev/stdout after `>> file`, is refused: use `process.stdout` as the sink instead.
 *
 * @throws {LeadpipeError} OPTION for a wrong option, a URL, or a name from which the format can't be derived. The stream fails
 * with SINK if the file can't be written.
 *
 * @example
 * ```ts
 * toFile('leads.ndjson.gz')
 * toFile('exports/leads-{date}.json')
 * ```
 */
export function toFile(path: string, options?: FileOptions): FileSink {
  return new FileSink(path, fileSettings(path, options))
}
