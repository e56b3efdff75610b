import type { SinkOpening, SinkStage } from '../../stage/SinkStage.ts'
import { sinkStage } from '../../streams/attachSink.ts'
import type { HttpRun } from './HttpRun.ts'
import { httpIdentity } from './httpIdentity.ts'
import type { HttpSettings } from './options.ts'

/** An HTTP receiver as a stage. Nothing is sent before the first batch: a receiver that is absent shows then. */
export function httpStage<T>(
  url: URL,
  settings: HttpSettings<T>,
  open: (opening: SinkOpening) => Promise<HttpRun<T>>,
): SinkStage<T> {
  const deadLetter = settings.deadLetter === undefined ? undefined : sinkStage(settings.deadLetter)
  return {
    name: 'toHttp',
    fingerprint: httpIdentity(url, settings as HttpSettings<never>, deadLetter?.fingerprint),
    async claims() {
      settings.signal?.throwIfAborted()
      return (await deadLetter?.claims?.()) ?? []
    },
    open,
  }
}
