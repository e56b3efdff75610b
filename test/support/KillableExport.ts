import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { loadCheckpoint } from '../../lib/checkpoint/CheckpointStore.ts'
import type { Report } from '../../lib/index.ts'
import type { FileState } from '../../lib/sinks/file/fileState.ts'
import type { ExportJob } from './children/ExportJob.ts'
import { partialsOf } from './partialOf.ts'
import { plainNode } from './plainNode.ts'

/** Where a process was when it died, by what it left; in the order of a run. */
export const places = [
  'before the first save',
  'between two saves',
  'prepared, not renamed',
  'renamed, not committed',
  'committed',
] as const
export type Place = (typeof places)[number]

const circumstances = /(,"page":\d+,"position":\{[^}]*\})?,"time":"[^"]*"\}$/gm

/** How a process of an export ended. */
export interface Ending {
  signal: NodeJS.Signals | null
  code: number | null
  /** A letter for each thing that it did. */
  told: string
  /** Its report, when it came to its end. */
  report: Report | undefined
  stderr: string
}

/** An export with a checkpoint whose processes are killed and started again. */
export class KillableExport {
  readonly #script: string
  readonly #job: ExportJob
  /** What every process of the export is started by; for limits. */
  readonly #command: readonly string[]

  /** @param dir made if it is missing */
  constructor(script: string, job: ExportJob, command: readonly string[] = []) {
    mkdirSync(job.dir, { recursive: true })
    this.#script = script
    this.#job = job
    this.#command = command
  }

  get output(): string {
    return join(this.#job.dir, this.#job.name)
  }

  get quarantine(): string {
    return join(this.#job.dir, 'rejected.ndjson')
  }

  get checkpoint(): string {
    return join(this.#job.dir, 'checkpoint.json')
  }

  /** Starts a process; resolves when it is dead. @param killAt what it has done by then, in letters */
  async start(killAt = Number.POSITIVE_INFINITY, aim?: ExportJob['aim']): Promise<Ending> {
    const job: ExportJob = { ...this.#job, ...(aim === undefined ? {} : { aim }) }
    const [file = '', ...args] = [...this.#command, ...plainNode, this.#script, JSON.stringify(job)]
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (letters: string) => {
      stdout += letters
      if (stdout.length >= killAt) child.kill('SIGKILL')
    })
    const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
    const [told = '', report] = stdout.split('\n')
    return { code, signal, told, report: report ? JSON.parse(report) : undefined, stderr }
  }

  /**
   * Where the process was that died last.
   *
   * @throws {AssertionError} when what it left is not in order.
   */
  async place(): Promise<Place> {
    const found = await loadCheckpoint(this.checkpoint)
    const isRenamed = existsSync(this.output)
    if (found === undefined) {
      assert.equal(isRenamed, false, 'the output has its name before the first save')
      const begun = partialsOf(this.output).map(path => statSync(path).size)
      assert.ok(
        begun.every(size => size === 0),
        'records went to the output before the first save',
      )
      return 'before the first save'
    }
    if (found.phase === 'committed') {
      assert.ok(isRenamed && existsSync(this.quarantine), 'committed, and the files do not have their names')
      return 'committed'
    }
    for (const state of Object.values(found.state.sinks)) {
      const { path, temporary, bytes } = state as FileState
      const name = found.phase === 'prepared' && !existsSync(temporary) ? path : temporary
      assert.ok(statSync(name).size >= bytes, `${name} is shorter than the checkpoint says`)
    }
    if (found.phase === 'prepared') return isRenamed ? 'renamed, not committed' : 'prepared, not renamed'
    assert.equal(isRenamed, false, 'the output has its name before it is prepared')
    return 'between two saves'
  }

  /** What the output and the quarantine hold, decompressed, and without what tells when and on which page it came. */
  contents(): { output: string; quarantine: string } {
    const bytes = readFileSync(this.output)
    return {
      output: (this.output.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString(),
      quarantine: readFileSync(this.quarantine, 'utf8').replace(circumstances, '}'),
    }
  }
}

/** The numbers of a report that are the same however often the run was ended. */
export function steadyNumbers({ leads, records, skipped, quarantined, operators, sink, source }: Report) {
  const { received, acknowledged } = sink
  const { delivered, rejected } = source ?? {}
  return { leads, records, skipped, quarantined, operators, received, acknowledged, delivered, rejected }
}
