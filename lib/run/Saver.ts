import type { Checkpoint, Pipeline, RunState } from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { Chain } from '../engine/Chain.ts'
import { type CheckpointMessage, checkpointChannel } from '../observe/channels.ts'
import type { Batch, SourceRun } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import { endDropped, type OpenSink } from './OpenSink.ts'
import type { Report } from './Report.ts'

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
  #saving: Promise<boolean> | undefined
  /** Records since the last save began. */
  #records = 0
  #bytes = 0
  #time = performance.now()

  constructor(options: SaverOptions) {
    this.#options = options
    this.#saves = options.found?.saves ?? 0
  }

  /** Where the checkpoint is kept. */
  get store(): CheckpointStore {
    return this.#options.store
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
    if (drained !== undefined) return drained.then(() => void this.#beginSave(progress))
    this.#beginSave(progress)
    return undefined
  }

  /** Saves now; resolves when it is done. */
  async save(progress: RunProgress): Promise<void> {
    await this.idle()
    if (!canResume(progress)) return
    await this.#options.chain.drain()
    // A branch that fails during the save is dropped from the next one.
    while (!(await this.#beginSave(progress)));
  }

  /** Resolves when no save is in progress; rejects when the last one failed. */
  async idle(): Promise<void> {
    await this.#saving
  }

  get #isDue(): boolean {
    const { leads, bytes, milliseconds } = this.#options.every
    return this.#records >= leads || this.#bytes >= bytes || performance.now() - this.#time >= milliseconds
  }

  #beginSave(progress: RunProgress): Promise<boolean> {
    const saving = this.#saveProgress(progress)
    this.#saving = saving
    saving.then(
      () => {
        this.#saving = undefined
      },
      error => this.#options.failed(error),
    )
    return saving
  }

  /** Resolves to false when nothing was saved because a branch was dropped meanwhile. */
  async #saveProgress({ batch, processed }: RunProgress): Promise<boolean> {
    const { source, chain, every } = this.#options
    const position = source.save(batch, processed)
    this.#records = 0
    this.#bytes = 0
    this.#time = performance.now()
    const state = chain.save()
    const dropped = this.#options.sinks.filter(open => open.isDropped)
    const live = this.#options.sinks.filter(open => !open.isDropped)
    const barriers = new Map<string, Promise<Json>>()
    for (const open of live) {
      const { id, owner = '' } = open.sink
      barriers.set(id, flush(open, barriers.get(owner)))
    }
    const states = await Promise.all(barriers.values())
    if (live.some(open => open.isDropped)) {
      this.#records = every.leads
      return false
    }
    const sinks = Object.fromEntries([...barriers.keys()].map((id, index) => [id, states[index]]))
    await this.saveState('running', { source: position, chain: state, sinks })
    // Not earlier: a restart from the checkpoint before needs their output.
    endDropped(dropped)
    return true
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
async function flush(sink: OpenSink, owner: Promise<Json> | undefined): Promise<Json> {
  // Without an owner, the barrier is taken at once.
  if (owner !== undefined) await owner
  return sink.flush()
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
