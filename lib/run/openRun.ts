import type { Waiter } from '../async/Waiter.ts'
import { type Checkpoint, checkpointError, type Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import { Chain } from '../engine/Chain.ts'
import { explained, type Outlet, type Target } from '../engine/Outlet.ts'
import { LeadpipeError } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SinkOpening, SinkRun } from '../stage/SinkStage.ts'
import type { SourceRun } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import { type OpenSink, operatorId, outputsOf, type RunSink, type RunStages } from './RunStages.ts'
import { type RunProgress, Saver } from './Saver.ts'

/** The facts about a checkpoint that are needed to open a run. */
export interface RunCheckpoint {
  readonly store: CheckpointStore
  readonly settings: CheckpointSettings
  readonly pipeline: Pipeline
  /** The checkpoint that the run resumes; undefined for a new run. */
  readonly found: Checkpoint | undefined
  /** The finished run that this one follows, and the state that its source starts from. */
  readonly follows: { readonly last: Checkpoint; readonly from: Json } | undefined
}

/** A run whose stages are open. */
export interface OpenedRun {
  readonly stages: RunStages
  readonly source: SourceRun
  readonly chain: Chain
  readonly sinks: readonly [OpenSink, ...OpenSink[]]
  readonly waiter: Waiter
  readonly progress: RunProgress
  /** Saves the checkpoint; undefined without one. */
  readonly saver: Saver | undefined
  /** The time of the start, by `performance.now()`. */
  readonly started: number
}

/**
 * Opens the stages of a run: checks the state of things, and changes nothing.
 *
 * @throws {LeadpipeError} CHECKPOINT, OPTION, SINK or OPERATOR when a stage can't be opened; the stages that were
 * open are closed.
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
    for (const sink of stages.sinks) {
      const fail = (error: unknown) => {
        if (chain === undefined) waiter.interrupt(sink.explain(error))
        else outletOf(sink, stages, chain)?.fail(sink.explain(error))
      }
      const outputs = outputsFor(sink, stages, sinks)
      const callbacks = { at: () => source?.time, fail, ...(outputs && { outputs }) }
      sinks.push({ ...sink, run: await openSink(sink, checkpoint, callbacks) })
    }
    chain = openChain(stages, sinks, checkpoint, waiter)
    source = openSource(stages, checkpoint, waiter)
    const opened = sinks as [OpenSink, ...OpenSink[]]
    const saver = checkpoint && openSaver(checkpoint, source, chain, sinks, waiter)
    return { stages, source, chain, sinks: opened, waiter, progress: { processed: 0 }, saver, started }
  } catch (error) {
    chain?.stop()
    for (const { run } of sinks) await run.end(checkpoint === undefined ? 'discard' : 'leave').catch(() => {})
    throw error
  }
}

/** Opens a sink, with the state that the checkpoint holds for it. */
export async function openSink(
  { id, attachment, explain }: RunSink,
  checkpoint: RunCheckpoint | undefined,
  callbacks: Pick<SinkOpening, 'at' | 'fail' | 'outputs'> = { at: () => undefined, fail() {} },
): Promise<SinkRun> {
  const state = checkpoint?.found?.state.sinks[id]
  if (checkpoint?.found !== undefined && state === undefined) {
    // The sink would start over, and its earlier output would be lost.
    throw checkpointError(checkpoint.store.path, `it holds no state of ${id}`)
  }
  const opening = {
    ...callbacks,
    resumable: checkpoint?.store.key,
    state,
    previous: checkpoint?.follows?.last.state.sinks[id],
  }
  return attachment.stage.open(opening).catch(error => {
    throw error instanceof LeadpipeError ? error : explain(error)
  })
}

/** The side outputs of a sink. They are opened after it: it writes nothing before its first record. */
function outputsFor(
  { id }: RunSink,
  { sinks }: RunStages,
  opened: readonly OpenSink[],
): SinkOpening['outputs'] {
  const names = Object.keys(outputsOf(sinks, id))
  if (names.length === 0) return undefined
  const write = (name: string) => (record: unknown) => outputsOf(opened, id)[name]?.run.write(record)
  return Object.fromEntries(names.map(name => [name, { write: write(name) }]))
}

/** The outlet that writes to a sink; for a side output of a sink, the outlet of its owner. */
function outletOf(sink: RunSink, stages: RunStages, chain: Chain): Outlet | undefined {
  const owner = stages.sinks.find(({ id }) => id === sink.owner)
  return owner === undefined ? chain.outlet(stages.sinks.indexOf(sink)) : outletOf(owner, stages, chain)
}

function openChain(
  { definitions }: RunStages,
  sinks: readonly OpenSink[],
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): Chain {
  const targetOf = ({ run, explain }: OpenSink): Target => explained(run, explain)
  const targets = {
    main: targetOf(sinks[0] as OpenSink),
    side: definitions.map((_, index) => {
      const own = Object.entries(outputsOf(sinks, operatorId(index)))
      return own.length === 0
        ? undefined
        : Object.fromEntries(own.map(([output, sink]) => [output, targetOf(sink)]))
    }),
  }
  const events = {
    done: () => waiter.cutShort(),
    failed: (error: unknown) => waiter.interrupt(error),
  }
  const chain = new Chain(definitions, targets, events, checkpoint?.found !== undefined)
  if (checkpoint === undefined) return chain
  try {
    // An operator with state that it can't save would lose it in a restart.
    if (chain.unsavedState !== undefined) {
      const { operator, missing } = chain.unsavedState
      const expected = 'operators whose state can be saved'
      const received = `the operator ${JSON.stringify(operator)} without ${missing}`
      const remedy =
        'give it both, in operator({ name, create }), or stateless: true there if it holds no state'
      throw optionError({ owner: 'run()', option: 'checkpoint', expected, received, operator, remedy })
    }
    if (checkpoint.found !== undefined) chain.restore(checkpoint.found.state.chain)
    chain.rememberRecords()
    return chain
  } catch (error) {
    chain.stop()
    throw error
  }
}

function openSource(
  { source, definitions, sinks, explainSource }: RunStages,
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): SourceRun {
  // Elements that are not records are passed on by operators, but not by a user's stream.
  const streamed = definitions.findIndex(part => 'createStream' in part)
  const changing = definitions.find(part => !('create' in part && part.preserves))
  const user = changing ?? sinks[0].attachment.stage
  const beforeStream = definitions.slice(0, streamed === -1 ? definitions.length : streamed)
  return source.stage.open({
    state: checkpoint?.found?.state.source ?? checkpoint?.follows?.from,
    wants: {
      rejected: beforeStream.some(part => 'create' in part && part.acceptsRejected),
      lines: 'usesLines' in user && user.usesLines === true,
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
