import { randomUUID } from 'node:crypto'
import type { Clock } from '../../http/Clock.ts'
import type { SinkOpening } from '../../stage/SinkStage.ts'
import { SinkWritable } from '../../streams/SinkWritable.ts'
import { deliveryError } from './deliveryError.ts'
import { describeUrl } from './describeUrl.ts'
import type { HttpCounts } from './HttpCounts.ts'
import { HttpRun } from './HttpRun.ts'
import { httpStage } from './httpStage.ts'
import type { HttpSettings } from './options.ts'

/** Records to an HTTP receiver. Made by `toHttp()`. */
export class HttpSink<T = unknown> extends SinkWritable<T> {
  /** Where records go: scheme, host and path. */
  readonly url: string
  readonly #runId: () => string
  /** Ends the dead letters of a sink that was never used. */
  readonly #abandon: () => void

  constructor(target: URL, settings: HttpSettings<T>, clock: Clock) {
    const { runId = randomUUID() } = settings
    let run: HttpRun<T> | undefined
    const open = async (opening: SinkOpening) => {
      run = await HttpRun.open({ url: target, settings, runId, clock }, opening)
      return run
    }
    super(httpStage(target, settings, open))
    this.url = describeUrl(target)
    this.#runId = () => run?.runId ?? runId
    this.#abandon = () => {
      if (run === undefined && settings.endDeadLetter === 'with-sink') settings.deadLetter?.destroy()
    }
  }

  /** Names the run in the Idempotency-Key of each batch; after a restart, the run that is continued. */
  get runId(): string {
    return this.#runId()
  }

  override get destination(): string {
    return this.url
  }

  override get counts(): HttpCounts {
    return super.counts as HttpCounts
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abandon()
    super._destroy(error, callback)
  }

  protected override get noCounts(): HttpCounts {
    const none = { received: 0, acknowledged: 0, bytes: 0, batches: 0, splits: 0, refused: 0 }
    return { ...none, requests: 0, retries: 0 }
  }

  protected override closedEarly(): Error {
    return deliveryError(super.closedEarly(), this.url, this.counts)
  }
}
