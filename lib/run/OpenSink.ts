import { patience, within } from '../async/promises.ts'
import type { Outlet } from '../engine/Outlet.ts'
import type { Ending, SinkRun } from '../stage/SinkStage.ts'
import type { Json } from '../stage/Stage.ts'
import type { RunSink } from './RunStages.ts'

/** A sink of a run that is open. Its failures become the user's errors, and are those of its branch. */
export class OpenSink {
  readonly sink: RunSink
  readonly run: SinkRun
  /** The outlet that writes to it; undefined for a side output of a sink, and before the chain exists. */
  outlet: Outlet | undefined
  /** The sink that writes to it, if it is a side output of a sink. */
  readonly #owner: OpenSink | undefined
  #ending: Promise<void> | undefined

  constructor(sink: RunSink, run: SinkRun, owner?: OpenSink) {
    this.sink = sink
    this.run = run
    this.#owner = owner
  }

  /** Whether its branch was dropped. */
  get isDropped(): boolean {
    return this.outlet?.isAbandoned ?? this.#owner?.isDropped ?? false
  }

  /** Records that it has failed while nobody waited for it. */
  fail(explained: Error): void {
    if (this.outlet === undefined) this.#owner?.fail(explained)
    else this.outlet.fail(explained)
  }

  /** The state at a barrier; undefined if its branch was dropped meanwhile. */
  flush(): Promise<Json> {
    return this.#attempt(async () => this.run.flush?.())
  }

  /** The state when everything is durable; undefined if its branch was dropped meanwhile. */
  prepare(): Promise<Json> {
    this.sink.attachment.finish()
    return this.#attempt(() => this.run.prepare())
  }

  /** A failure is always that of the run: other outputs may be visible already, and a restart commits again. */
  async commit(): Promise<void> {
    await this.run.commit().catch(error => {
      throw this.sink.explain(error)
    })
  }

  /** Ends the sink, once. Never rejects. */
  end(how: Ending): Promise<void> {
    this.#ending ??= this.#end(how).catch(() => {})
    return this.#ending
  }

  async #end(how: Ending): Promise<void> {
    if (how === 'keep') await within(patience, this.#writeWaiting())
    await this.run.end(how)
  }

  /** Writes the records that wait for a side output that is kept. */
  async #writeWaiting(): Promise<void> {
    const waiting = this.outlet?.stop() ?? []
    // A user's Writable, which has no counts, may never have room: it queues what it receives.
    const isOwn = this.run.counts !== undefined
    if (isOwn) await this.outlet?.idle()
    for (const record of waiting) {
      const room = this.run.write(record)
      if (isOwn) await room
      else room?.catch(() => {})
    }
  }

  async #attempt(work: () => Promise<Json>): Promise<Json> {
    try {
      return await work()
    } catch (error) {
      const explained = this.sink.explain(error)
      this.fail(explained)
      if (this.isDropped) return undefined
      throw explained
    }
  }
}

/** The ending of an incomplete sink in a run without a checkpoint. */
export const endingOf = ({ owner }: RunSink): Ending => (owner === undefined ? 'discard' : 'keep')

/** Ends the sinks of branches that were dropped. */
export async function endDropped(sinks: readonly OpenSink[]): Promise<void> {
  for (const open of sinks) if (open.isDropped) await open.end(endingOf(open.sink))
}
