import { randomUUID } from 'node:crypto'
import { digestOf } from '../../files/paths.ts'
import type { Clock } from '../../http/Clock.ts'
import type { SinkOpening, SinkStage } from '../../stage/SinkStage.ts'
import type { Json } from '../../stage/Stage.ts'
import { sinkStage } from '../../streams/attachSink.ts'
import { SinkWritable } from '../../streams/SinkWritable.ts'
import { deadLetterError } from './DeadLetters.ts'
import { describeUrl } from './destinationUrl.ts'
import { deliveryError, HttpRun } from './HttpRun.ts'
import { type HttpCounts, noCounts } from './httpState.ts'
import type { HttpSettings } from './options.ts'

/** Sends records to an HTTP receiver. Made by `toHttp()`. */
export class HttpSink<T = unknown> extends SinkWritable<T> {
  /** The destination: scheme, host and path. */
  readonly url: string
  readonly #runId: () => string

  constructor(target: URL, settings: HttpSettings<T>, clock: Clock) {
    const { runId = randomUUID(), deadLetter, endDeadLetter, signal } = settings
    const url = describeUrl(target)
    let run: HttpRun<T> | undefined
    const stage: SinkStage<T> = {
      name: 'toHttp',
      fingerprint: fingerprintOf(target, settings as HttpSettings<never>),
      // Nothing is sent before the first batch: only that shows whether the receiver can be reached.
      async claims() {
        signal?.throwIfAborted()
        return []
      },
      async open(opening: SinkOpening) {
        run = await HttpRun.open({ url: target, settings, runId, clock }, opening)
        return run
      },
    }
    const explain = (error: unknown) => deliveryError(error, url, run?.counts() ?? noCounts)
    const outputs = deadLetter && {
      deadLetter: {
        sink: deadLetter,
        isShared: endDeadLetter === 'never',
        explain: (error: unknown) => explain(deadLetterError(error)),
      },
    }
    super(stage, { outputs, noCounts, explain })
    this.url = url
    this.#runId = () => run?.runId ?? runId
  }

  /** Identifies the run in the Idempotency-Key of each batch; after a restart, it is the id of the resumed run. */
  get runId(): string {
    return this.#runId()
  }

  override get destination(): string {
    return this.url
  }

  override get counts(): HttpCounts {
    return super.counts as HttpCounts
  }
}

/**
 * What must be the same after a restart, so that the same batches go to the same destination. The query of the URL may
 * contain a secret, so only its digest is included.
 */
function fingerprintOf(target: URL, settings: HttpSettings<never>): Json {
  const { method, format, batch, compression, onRefused, deadLetter } = settings
  const { records, bytes } = batch
  const fingerprint = deadLetter && sinkStage(deadLetter).fingerprint
  return {
    sink: 'http',
    url: describeUrl(target),
    ...(target.search === '' ? {} : { urlQuery: digestOf(target.search) }),
    method,
    format,
    batch: { records, bytes },
    compression,
    onRefused,
    ...(fingerprint === undefined ? {} : { deadLetter: fingerprint }),
  }
}
