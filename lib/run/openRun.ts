import type { Waiter } from '../async/Waiter.ts'
import { type Checkpoint, checkpointError, type Pipeline } from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import {
  acceptsRejected,
  type BranchOf,
  branchId,
  definitionsOf,
  mainId,
  mapOutputs,
} from '../engine/branches.ts'
import { Chain } from '../engine/Chain.ts'
import { explained } from '../engine/Outlet.ts'
import type { BranchState } from '../engine/Runner.ts'
import { LeadpipeError } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SinkOpening, SinkRun } from '../stage/SinkStage.ts'
import type { SourceRun } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import { endDropped, OpenSink } from './OpenSink.ts'
import { type RunSink, type RunStages, sideOutput } from './RunStages.ts'
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
  /** All but those of branches that were dropped in an earlier process. */
  readonly sinks: readonly OpenSink[]
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
    for (const sink of openableSinks(stages, checkpoint?.found)) {
      let open: OpenSink | undefined
      const fail = (error: unknown) => {
        if (chain === undefined) waiter.interrupt(sink.explain(error))
        else open?.fail(sink.explain(error))
      }
      const outputs = outputsFor(sink, stages, sinks)
      const callbacks = { at: () => source?.time, fail, ...(outputs && { outputs }) }
      const run = await openSink(sink, checkpoint, callbacks)
      open = new OpenSink(
        sink,
        run,
        sinks.find(({ sink: { id } }) => id === sink.owner),
      )
      sinks.push(open)
    }
    chain = openChain(stages, sinks, checkpoint, waiter)
    source = openSource(stages, checkpoint, waiter)
    const saver = checkpoint && openSaver(checkpoint, source, chain, sinks, waiter)
    return { stages, source, chain, sinks, waiter, progress: { processed: 0 }, saver, started }
  } catch (error) {
    chain?.stop()
    for (const open of sinks) await open.end(checkpoint === undefined ? 'discard' : 'leave')
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

/** The sinks that a run opens: all but those of branches that were dropped in an earlier process. */
export function openableSinks(
  { sinks }: Pick<RunStages, 'sinks'>,
  found: Checkpoint | undefined,
): readonly RunSink[] {
  return found === undefined ? sinks : sinks.filter(({ id }) => !wasDropped(id, found.state.chain))
}

/** Whether a sink belongs to a branch that was dropped. */
function wasDropped(id: string, { dropped, branches = [] }: BranchState, branch = mainId): boolean {
  if (id !== branch && !id.startsWith(`${branch}/`)) return false
  return (
    dropped !== undefined || branches.some((below, index) => wasDropped(id, below, branchId(branch, index)))
  )
}

/** The side outputs of a sink. They are opened after it: it writes nothing before its first record. */
function outputsFor(
  { id }: RunSink,
  { sinks }: RunStages,
  opened: readonly OpenSink[],
): SinkOpening['outputs'] {
  const names = sinks.flatMap(({ owner, output }) => (owner === id && output !== undefined ? [output] : []))
  if (names.length === 0) return undefined
  const write = (name: string) => (record: unknown) => sideOutput(opened, id, name)?.run.write(record)
  return Object.fromEntries(names.map(name => [name, { write: write(name) }]))
}

function openChain(
  { main, sinks: all }: RunStages,
  sinks: readonly OpenSink[],
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): Chain {
  const targets = mapOutputs(main, sink => {
    const open = sinks.find(other => other.sink === sink)
    return open === undefined ? nowhere : explained(open.run, sink.explain)
  })
  const events = {
    done: () => waiter.cutShort(),
    failed: (error: unknown) => waiter.interrupt(error),
    // With a checkpoint, their output is needed until they are saved as dropped.
    dropped: () => {
      if (checkpoint === undefined) endDropped(sinks)
    },
  }
  const chain = new Chain(targets, events, checkpoint?.found !== undefined)
  for (const open of sinks) open.outlet = chain.outlets[all.indexOf(open.sink)]
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

/** The target of a branch that was dropped. */
const nowhere = { write() {} }

function openSource(
  { source, main, explainSource }: RunStages,
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
): SourceRun {
  const lines = usesLines(main)
  return source.stage.open({
    state: checkpoint?.found?.state.source ?? checkpoint?.follows?.from,
    isSaved: checkpoint !== undefined,
    checkpoint: checkpoint?.store.files[0],
    wants: {
      rejected: acceptsRejected(main),
      lines: lines.every(Boolean) ? 'all' : lines.some(Boolean) ? 'some' : undefined,
      origins: definitionsOf(main).some(part => 'create' in part && part.outputs !== undefined),
      ownItems: true,
    },
    fail: error => waiter.interrupt(explainSource(error)),
  })
}

/** For each output, whether it uses the text of unchanged records: the sink, or the first operator that may change them. */
function usesLines({ definitions, sink, branches }: BranchOf<RunSink>): boolean[] {
  const changing = definitions.find(part => !('create' in part && part.preserves))
  const user = changing ?? sink?.attachment.stage
  return user === undefined ? branches.flatMap(usesLines) : ['usesLines' in user && user.usesLines === true]
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
