import type { Checkpoint, Pipeline, RunState } from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { Chain } from '../engine/Chain.ts'
import { type CheckpointMessage, checkpointChannel } from '../observe/channels.ts'
import type { Batch, SourceRun } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import type { Report } from './Report.ts'
import type { OpenSink } from './RunStages.ts'

/** The progress of a run. */
export interface RunProgress {
  /** The current batch; undefined before the first. */
  batch?: Batch<unknown>
  /** Number of its items that were processed. */
  processed: number
}

/** What a saver needs. */
export interface SaverOptions {
  readonly store: CheckpointStore
  readonly pipeline: Pipeline
  readonly every: CheckpointSettings['every']
  /** The checkpoint that the run resumes; undefined for a new run. */
  readonly found: Checkpoint | undefined
  readonly source: SourceRun
  readonly chain: Chain
  readonly sinks: readonly OpenSink[]
  /** Called when a save in the background fails. */
  failed(error: unknown): void
}

/**
 * Saves the checkpoint of a run. The position, the operators' states and the barriers of sinks are taken in one
 * tick. The barriers of a sink's side outputs follow its own. The save then continues in the background, one at a
 * time.
 */
export class Saver {
  /** Whether this process has not saved anything yet. */
  isNew = true
  readonly #options: SaverOptions
  /** Number of saves, those of earlier processes included. */
  #saves: number
  /** The save in progress. */
  #saving: Promise<void> | undefined
  /** Records since the last save began. */
  #records = 0
  #bytes = 0
  #time = performance.now()

  constructor(options: SaverOptions) {
    this.#options = options
    this.#saves = options.found?.saves ?? 0
  }

  /** The facts about the checkpoint, for the report. */
  get facts(): NonNullable<Report['checkpoint']> {
    const { store, found } = this.#options
    return checkpointFacts(store, found, this.#saves)
  }

  /** Whether there is something to resume: without it, what the sinks have begun is of no use. */
  get hasSaved(): boolean {
    return !this.isNew || this.#options.found !== undefined
  }

  /** Counts the bytes of a batch whose items are processed from now on. */
  countBytes(bytes: number): void {
    this.#bytes += bytes
  }

  /**
   * Counts a processed item. Begins a save when one is due; a promise means that the caller must wait for it.
   */
  countProcessed(progress: RunProgress): Promise<void> | undefined {
    this.#records += 1
    if (!this.#isDue || this.#saving !== undefined || !canResume(progress)) return undefined
    const drained = this.#options.chain.drain()
    if (drained !== undefined) return drained.then(() => this.#beginSave(progress))
    this.#beginSave(progress)
    return undefined
  }

  /** Saves now; resolves when it is done. */
  async save(progress: RunProgress): Promise<void> {
    await this.idle()
    if (!canResume(progress)) return
    await this.#options.chain.drain()
    this.#beginSave(progress)
    await this.idle()
  }

  /** Resolves when no save is in progress; rejects when the last one failed. */
  async idle(): Promise<void> {
    await this.#saving
  }

  get #isDue(): boolean {
    const { leads, bytes, milliseconds } = this.#options.every
    return this.#records >= leads || this.#bytes >= bytes || performance.now() - this.#time >= milliseconds
  }

  #beginSave(progress: RunProgress): void {
    const saving = this.#saveProgress(progress)
    this.#saving = saving
    saving.then(
      () => {
        this.#saving = undefined
      },
      error => this.#options.failed(error),
    )
  }

  #saveProgress({ batch, processed }: RunProgress): Promise<void> {
    const { source, chain, sinks } = this.#options
    const position = source.save(batch, processed)
    this.#records = 0
    this.#bytes = 0
    this.#time = performance.now()
    const state = chain.save()
    const barriers = new Map<string, Promise<Json>>()
    for (const sink of sinks) barriers.set(sink.id, flush(sink, barriers.get(sink.owner ?? '')))
    return this.#saveAfterBarriers(position, state, barriers)
  }

  async #saveAfterBarriers(
    source: Json,
    chain: RunState['chain'],
    barriers: ReadonlyMap<string, Promise<Json>>,
  ): Promise<void> {
    const states = await Promise.all(barriers.values())
    const sinks = Object.fromEntries([...barriers.keys()].map((id, index) => [id, states[index]]))
    await this.saveState('running', { source, chain, sinks })
  }

  /** Saves a state: that of a running run, or that of a prepared or committed one, with its report. */
  async saveState(phase: Checkpoint['phase'], state: RunState, report?: Report): Promise<void> {
    const { store, pipeline } = this.#options
    this.#saves += 1
    const { starts, saves } = this.facts
    const reported = report === undefined ? {} : { report }
    await saveCheckpoint(store, { pipeline, phase, state, ...reported, starts, saves })
    this.isNew = false
  }
}

/** Whether the source can be resumed at this place. If not, a save that is due is tried after the next item. */
const canResume = ({ batch, processed }: RunProgress) => batch?.positionAfter(processed) !== undefined

/**
 * The state of a sink at a barrier. The barrier of a sink's side output follows that of its owner, so that it
 * includes everything that the owner wrote before its own barrier.
 */
async function flush({ run, explain }: OpenSink, owner: Promise<Json> | undefined): Promise<Json> {
  try {
    if (owner !== undefined) await owner
    return await run.flush?.()
  } catch (error) {
    throw explain(error)
  }
}

/** Saves a checkpoint when everything in it is durable, and publishes both on the diagnostics channel. */
export async function saveCheckpoint(store: CheckpointStore, checkpoint: Checkpoint): Promise<void> {
  const { phase, saves } = checkpoint
  const publish = (step: CheckpointMessage['step']) => {
    if (checkpointChannel.hasSubscribers) checkpointChannel.publish({ path: store.path, phase, step, saves })
  }
  publish('flushed')
  await store.save(checkpoint)
  publish('saved')
}

/** The facts about a run with a checkpoint. The report keeps the words of checkpoint version 1. */
export function checkpointFacts(
  { path }: CheckpointStore,
  found: Checkpoint | undefined,
  saves: number,
): NonNullable<Report['checkpoint']> {
  const { phase, starts = 0 } = found ?? {}
  return {
    path,
    starts: phase === 'committed' ? starts : starts + 1,
    saves,
    ...(phase === undefined ? {} : { found: words[phase] }),
  }
}

const words = { running: 'running', prepared: 'complete', committed: 'finished' } as const
