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

/** How far a process was when it died, by the files that it left; in the order of a run. */
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
  activity: string
  /** Its report; undefined if it did not finish. */
  report: Report | undefined
  stderr: string
}

/** An export with a checkpoint whose processes are killed and started again. */
export class KillableExport {
  readonly #script: string
  readonly #job: ExportJob
  /** A command that starts each process of the export, for example with limits. */
  readonly #command: readonly string[]

  /** Creates the folder of the job if it is missing. */
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

  /**
   * Starts a process; resolves when it has ended.
   *
   * @param killAt the number of letters after which it is killed; default: never
   */
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
    const [activity = '', report] = stdout.split('\n')
    return { code, signal, activity, report: report ? JSON.parse(report) : undefined, stderr }
  }

  /**
   * How far the last process was when it died.
   *
   * @throws {AssertionError} if the files that it left are not consistent.
   */
  async place(): Promise<Place> {
    const found = await loadCheckpoint(this.checkpoint)
    const isRenamed = existsSync(this.output)
    if (found === undefined) {
      assert.equal(isRenamed, false, 'the output has its final name before the first save')
      const begun = partialsOf(this.output).map(path => statSync(path).size)
      assert.ok(
        begun.every(size => size === 0),
        'records were written to the output before the first save',
      )
      return 'before the first save'
    }
    if (found.phase === 'committed') {
      assert.ok(
        isRenamed && existsSync(this.quarantine),
        'the run is committed, but the files do not have their final names',
      )
      return 'committed'
    }
    for (const state of Object.values(found.state.sinks)) {
      const { path, temporary, bytes } = state as FileState
      const name = found.phase === 'prepared' && !existsSync(temporary) ? path : temporary
      assert.ok(statSync(name).size >= bytes, `${name} is shorter than the checkpoint says`)
    }
    if (found.phase === 'prepared') return isRenamed ? 'renamed, not committed' : 'prepared, not renamed'
    assert.equal(isRenamed, false, 'the output has its final name before it is prepared')
    return 'between two saves'
  }

  /** The outputs and the quarantine, decompressed, and without the times and pages, which differ between runs. */
  contents(): { output: string; thirds: string | undefined; quarantine: string } {
    const { dir, thirds } = this.#job
    return {
      output: decompressed(this.output),
      thirds: thirds === undefined ? undefined : decompressed(join(dir, thirds)),
      quarantine: readFileSync(this.quarantine, 'utf8').replace(circumstances, '}'),
    }
  }
}

function decompressed(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}
