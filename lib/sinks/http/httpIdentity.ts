import { digestOf } from '../../files/paths.ts'
import type { Json } from '../../stage/Stage.ts'
import { describeUrl } from './describeUrl.ts'
import type { HttpSettings } from './options.ts'

/**
 * What must be the same after a restart, so that the same batches go to the same place. The query of the URL, which may
 * hold a secret, is told by digest.
 */
export function httpIdentity(
  target: URL,
  { method, format, batch: { records, bytes }, compression, onRefused }: HttpSettings<never>,
  deadLetter: Json | undefined,
): Readonly<Record<string, unknown>> {
  return {
    sink: 'http',
    url: describeUrl(target),
    ...(target.search === '' ? {} : { urlQuery: digestOf(target.search) }),
    method,
    format,
    batch: { records, bytes },
    compression,
    onRefused,
    ...(deadLetter === undefined ? {} : { deadLetter }),
  }
}
