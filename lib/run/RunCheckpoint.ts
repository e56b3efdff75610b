import type { Checkpoint, Pipeline, Stand } from '../checkpoint/Checkpoint.ts'
import { checkpointError } from '../checkpoint/checkpointError.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import { saveCheckpoint } from '../checkpoint/saveCheckpoint.ts'
import { Mark } from '../model/Mark.ts'
import type { Position } from '../model/Position.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import { FileSink } from '../sinks/file/FileSink.ts'
import type { SourceState } from '../source/SourceState.ts'
import { type FoundCheckpoint, findCheckpoint } from './findCheckpoint.ts'
import { holdFiles } from './holdFiles.ts'
import type { Quarantines } from './openQuarantines.ts'
import { pipelineOf } from './pipelineOf.ts'
import type { Report } from './Report.ts'
import type { RunArguments } from './readArguments.ts'
import { type Resumable, resumable } from './resumable.ts'
import type { Stages } from './Stages.ts'

/** So long a run that is to end early waits for its last mark to be saved. */
const patience = 10_000

/** What a run with a checkpoint is made of. */
interface Setup extends FoundCheckpoint {
  settings: CheckpointSettings
  pipeline: Pipeline
  parts: Resumable
  quarantines: Quarantines
  /** Lets other runs have the checkpoint. */
  letGo(): Promise<void>
}

/** What a run with a checkpoint does besides running. */
export class RunCheckpoint {
  /** What the checkpoint said at the start; undefined for a run that begins. */
  readonly before: Checkpoint | undefined
  readonly #setup: Setup
  #stand: Stand | undefined
  #saves: number
  /** Called when everything is written, before files are put in their places. */
  #settle: () => Report = () => {
    throw new Error('the stages are not attached')
  }
  /** The last mark that was made, until it is saved. */
  #lastMark: Promise<void> = Promise.resolve()

  private constructor(setup: Setup) {
    const { before } = setup
    this.#setup = setup
    this.before = before
    this.#stand = before?.stand
    this.#saves = before?.saves ?? 0
  }

  /**
   * Loads the checkpoint and prepares the sinks; changes nothing yet. No other run has the checkpoint until
   * `close` is called.
   *
   * @throws {LeadpipeError} OPTION when a stage can't be continued; CHECKPOINT when the checkpoint is damaged, is
   * of another pipeline or in use, or what is there is not what it says.
   */
  static async open(
    given: RunArguments,
    quarantines: Quarantines,
    outputs: readonly string[],
    settings: CheckpointSettings,
  ): Promise<RunCheckpoint> {
    const parts = resumable(given, quarantines, settings)
    const pipeline = pipelineOf(parts, given, settings)
    const letGo = await holdFiles(settings.path, outputs)
    try {
      const found = await findCheckpoint(parts.source, pipeline, settings)
      const checkpoint = new RunCheckpoint({ ...found, settings, pipeline, parts, quarantines, letGo })
      if (checkpoint.finished === undefined) await checkpoint.#prepareSinks()
      else await checkpoint.#findOutput()
      return checkpoint
    } catch (error) {
      await letGo()
      throw error
    }
  }

  /** Lets other runs have the checkpoint. */
  close(): Promise<void> {
    return this.#setup.letGo()
  }

  /** The report of a run that had finished before; nothing is left to do then. */
  get finished(): Report | undefined {
    return this.before?.phase === 'finished' ? this.#withSaves(this.before.report as Report) : undefined
  }

  /** The report of a run that was complete, but for putting its files in their places. */
  get complete(): Report | undefined {
    return this.before?.phase === 'complete' ? this.#withSaves(this.before.report as Report) : undefined
  }

  /** Where the source of a run ended that is finished, or lacks only that; undefined for any other. */
  get ended(): Position | undefined {
    return this.before && this.before.phase !== 'running'
      ? (this.before.stand.source as SourceState).position
      : undefined
  }

  /** How the run came about: how often it was started and saved, and what it goes on from. */
  get facts(): NonNullable<Report['checkpoint']> {
    const { phase: found, starts = 0 } = this.before ?? {}
    return {
      path: this.#setup.settings.path,
      starts: found === 'finished' ? starts : starts + 1,
      saves: this.#saves,
      ...(found === undefined ? {} : { found }),
    }
  }

  /**
   * Gives the stages back what they held, and has the source make marks.
   *
   * @param settle checks that the numbers add up and gives the report, when everything is written
   */
  attach(stages: Stages, settle: () => Report): void {
    const { source, sinks } = this.#setup.parts
    this.#settle = settle
    const from = (this.before?.stand.source as SourceState | undefined) ?? this.#setup.follows?.from
    if (from !== undefined) source.continueFrom(from)
    if (this.before !== undefined) restore(stages, this.before.stand)
    const { leads, bytes, milliseconds } = this.#setup.settings.every
    source.handing.marks = { leads, bytes, milliseconds, make: state => this.#mark(state) }
    for (const sink of sinks) {
      if (sink instanceof FileSink) sink.nameBy(() => dateOf(source.window?.stopTime))
    }
  }

  /**
   * Stops the source, and resolves when everything in front of that is saved, or nothing comes of it.
   *
   * @param ended the run
   * @param most milliseconds to wait
   */
  async halt(ended: Promise<unknown>, most = patience): Promise<void> {
    const enough = new AbortController()
    const timeout = new Promise<void>(resolve => {
      const timer = setTimeout(resolve, most)
      enough.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    })
    const saved = async () => {
      await this.#setup.parts.source.halt()
      await this.#lastMark
    }
    await Promise.race([saved().catch(() => {}), ended, timeout])
    enough.abort()
  }

  /** Saves that nothing is left to do. */
  async finish(report: Report): Promise<Report> {
    await this.#save('finished', this.#stand as Stand, report)
    return this.#withSaves(report)
  }

  #mark(state: SourceState): Mark {
    let settle = () => {}
    this.#lastMark = new Promise(resolve => {
      settle = resolve
    })
    const mark: Mark = new Mark(state, async sink => {
      const { source, operators, passed } = mark
      const quarantines = await this.#setup.quarantines.statesAt(mark)
      await this.#save('running', { source, operators, passed, sink, quarantines })
      settle()
    })
    return mark
  }

  async #prepareSinks(): Promise<void> {
    const { sink, quarantines } = this.#setup.parts
    const stand = this.before?.stand
    const last = this.#setup.follows?.last
    await sink.continueFrom({
      state: stand?.sink,
      last: last?.sink,
      complete: state => this.#complete(state),
    })
    for (const [index, quarantine] of quarantines.entries()) {
      await quarantine.continueFrom({
        state: stand?.quarantines[index],
        last: last?.quarantines[index],
        complete: async () => {},
      })
    }
  }

  async #findOutput(): Promise<void> {
    const lost = await this.#setup.parts.sink.lostOutput(this.before?.stand.sink)
    if (lost === undefined) return
    const hint = "delete the checkpoint to export anew, or give whenFinished 'restart'"
    throw checkpointError(
      this.#setup.settings.path,
      `the run had finished, and ${lost} is not there any more: ${hint}`,
    )
  }

  async #complete(sink: unknown): Promise<void> {
    const { source: from } = this.#setup.parts
    // What was read ahead in vain is counted when the source has let go of it.
    if (!from.closed) await new Promise(resolve => from.once('close', resolve))
    const quarantines = await this.#setup.quarantines.states()
    const { source, operators, passed } = this.#stand ?? { source: undefined, operators: [], passed: [] }
    const report = this.#settle()
    await this.#save('complete', { source, operators, passed, sink, quarantines }, report)
  }

  async #save(phase: Checkpoint['phase'], stand: Stand, report?: Report): Promise<void> {
    this.#saves += 1
    this.#stand = stand
    await saveCheckpoint(this.#setup.settings.path, {
      pipeline: this.#setup.pipeline,
      phase,
      stand,
      ...(report === undefined ? {} : { report }),
      starts: this.facts.starts,
      saves: this.#saves,
    })
  }

  #withSaves(report: Report): Report {
    return { ...report, checkpoint: this.facts }
  }
}

function restore({ middle, junctions }: Stages, { operators, passed }: Stand): void {
  let from = 0
  for (const part of middle) {
    if (!(part instanceof Operator)) continue
    const to = from + part.definitions.length
    part.restore(operators.slice(from, to))
    from = to
  }
  for (const [index, junction] of junctions.entries()) junction.passed = passed[index] ?? 0
}

const dateOf = (time: number | undefined) => (time === undefined ? undefined : new Date(time))
