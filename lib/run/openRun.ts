import type { Waiter } from '../async/Waiter.ts'
import type { Checkpoint, Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import { Chain } from '../engine/Chain.ts'
import type { SideOutputs } from '../engine/definition.ts'
import { explained, type Target } from '../engine/Outlet.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SinkRun } from '../stage/SinkStage.ts'
import type { SourceRun } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import type { OpenedRun } from './OpenedRun.ts'
import type { OpenSink, RunSink, RunStages } from './RunStages.ts'
import { Saver } from './Saver.ts'

/** What of a checkpoint a run is opened with. */
export interface RunCheckpoint {
  readonly store: CheckpointStore
  readonly settings: CheckpointSettings
  readonly pipeline: Pipeline
  /** What the run resumes; undefined for a run that begins. */
  readonly found: Checkpoint | undefined
  /** The finished run that this one follows, and where its source begins then. */
  readonly follows: { readonly last: Checkpoint; readonly from: Json } | undefined
}

/**
 * Opens the stages of a run: looks at what is there, and changes nothing.
 *
 * @throws {LeadpipeError} CHECKPOINT, OPTION, SINK or OPERATOR when a stage can't be opened; those that were opened are
 * closed.
 */
export async function openRun(
  stages: RunStages,
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): Promise<OpenedRun> {
  const started = performance.now()
  let source: SourceRun | undefined
  let chain: Chain | undefined
  const sinks: OpenSink[] = []
  try {
    for (const [index, sink] of stages.sinks.entries()) {
      const fail = (error: unknown) => {
        if (chain === undefined) waiter.interrupt(sink.explain(error))
        else chain.outlet(index)?.fail(sink.explain(error))
      }
      sinks.push({ ...sink, run: await openSink(sink, checkpoint, () => source?.time, fail) })
    }
    chain = openChain(stages, sinks, checkpoint, waiter)
    source = openSource(stages, checkpoint, waiter)
    const opened = sinks as [OpenSink, ...OpenSink[]]
    const saver = checkpoint && openSaver(checkpoint, source, chain, sinks, waiter)
    return { stages, source, chain, sinks: opened, waiter, place: { taken: 0 }, saver, started }
  } catch (error) {
    chain?.stop()
    for (const { run } of sinks) await run.end(checkpoint === undefined ? 'discard' : 'leave').catch(() => {})
    throw error
  }
}

/** Opens a sink as a checkpoint says. */
export function openSink(
  { id, attachment, explain }: RunSink,
  checkpoint: RunCheckpoint | undefined,
  at: () => Date | undefined = () => undefined,
  fail: (error: unknown) => void = () => {},
): Promise<SinkRun> {
  const opening = {
    resumable: checkpoint?.store.key,
    state: checkpoint?.found?.state.sinks[id],
    previous: checkpoint?.follows?.last.state.sinks[id],
    at,
    fail,
  }
  return attachment.stage.open(opening).catch(error => {
    throw explain(error)
  })
}

function openChain(
  { definitions }: RunStages,
  sinks: readonly OpenSink[],
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): Chain {
  const [main, ...side] = sinks.map(({ run, explain, owner }) => ({ owner, target: explained(run, explain) }))
  const targets = {
    main: main?.target as Target,
    side: definitions.map((_, index): SideOutputs<Target> | undefined => {
      const own = side.filter(({ owner }) => owner?.index === index)
      return own.length === 0
        ? undefined
        : Object.fromEntries(own.map(({ owner, target }) => [owner?.output, target]))
    }),
  }
  const events = {
    done: () => waiter.cutShort(),
    failed: (error: unknown) => waiter.interrupt(error),
  }
  const chain = new Chain(definitions, targets, events, checkpoint?.found !== undefined)
  if (checkpoint === undefined) return chain
  try {
    // An operator that holds what it can't save would lose it in a restart.
    if (chain.unsavedState !== undefined) throw optionError('run() options: checkpoint', chain.unsavedState)
    if (checkpoint.found !== undefined) chain.restore(checkpoint.found.state.chain)
    chain.rememberRecords()
    return chain
  } catch (error) {
    chain.stop()
    throw error
  }
}

function openSource(
  { source, definitions, explainSource }: RunStages,
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): SourceRun {
  // Elements that are not records go past operators, but not through a stream of the user's.
  const streamed = definitions.findIndex(part => !('create' in part))
  const near = definitions.slice(0, streamed === -1 ? definitions.length : streamed)
  return source.stage.open({
    state: checkpoint?.found?.state.source ?? checkpoint?.follows?.from,
    wants: {
      rejected: near.some(part => 'create' in part && part.takesRejected),
      origins: definitions.some(part => 'create' in part && part.outputs !== undefined),
    },
    fail: error => waiter.interrupt(explainSource(error)),
  })
}

function openSaver(
  { store, settings, pipeline, found }: RunCheckpoint,
  source: SourceRun,
  chain: Chain,
  sinks: readonly OpenSink[],
  waiter: Waiter,
): Saver {
  const failed = (error: unknown) => waiter.interrupt(error)
  return new Saver({ store, pipeline, every: settings.every, found, source, chain, sinks, failed })
}
