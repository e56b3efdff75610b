import { describe } from '../errors.ts'
import { EncodeBuffer } from '../formats/EncodeBuffer.ts'
import { type Format, formatNames, formats } from '../formats/formats.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

const blockLength = 65_536

/**
 * Converts records to bytes, in blocks of about 64 kB, for any Writable of your own, such as standard output, an
 * upload, or an HTTP response.
 *
 * @param format 'ndjson' (one JSON text per line, the default) or 'json' (one array)
 * @throws {LeadpipeError} OPTION for another format. The stream fails with SINK when a record can't be written.
 *
 * @example
 * ```ts
 * await run(leads(client), encode('ndjson'), process.stdout)
 * ```
 */
export function encode(format: Format = 'ndjson'): Operator<unknown, Buffer> {
  if (!Object.hasOwn(formats, format)) {
    const expected = `one of ${formatNames.join(', ')}`
    throw optionError({ owner: 'encode()', option: 'format', expected, received: describe(format) })
  }
  return new Operator<unknown, Buffer>([
    {
      name: 'encode',
      usesLines: true,
      totals: ({ own }) => ({ records: own.records ?? 0 }),
      create() {
        const buffer = new EncodeBuffer(formats[format](), blockLength)
        let records = 0
        const { counts } = buffer
        return {
          step(record: unknown, emit: (bytes: Buffer) => void, line?: Uint8Array) {
            const block = buffer.add(record, line)
            if (block === undefined) return
            records += block.records
            emit(block.bytes)
          },
          flush(emit: (bytes: Buffer) => void) {
            const block = buffer.end()
            records += block.records
            if (block.bytes.length > 0) emit(block.bytes)
          },
          counts: () => ({ records, unchanged: counts.unchanged }),
        }
      },
    },
  ])
}
