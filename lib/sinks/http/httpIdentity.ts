import type { DeadLetters } from './DeadLetters.ts'
import type { HttpSettings } from './options.ts'

/** What must be the same after a restart, so that the same batches go to the same place. */
export function httpIdentity(
  url: string,
  { method, format, batch: { records, bytes }, compression, onRefused }: HttpSettings<never>,
  deadLetters: DeadLetters | undefined,
): Readonly<Record<string, unknown>> {
  const deadLetter = deadLetters?.identity
  return {
    sink: 'http',
    url,
    method,
    format,
    batch: { records, bytes },
    compression,
    onRefused,
    ...(deadLetter === undefined ? {} : { deadLetter }),
  }
}
