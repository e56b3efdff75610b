import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import type { Checkpoint } from '../../lib/checkpoint/Checkpoint.ts'
import { partialOf } from './partialOf.ts'
import type { Moment } from './watchSaves.ts'

/** A copy of a folder at some moment. */
export interface Snapshot {
  moment: Moment
  folder: string
}

/**
 * A folder in which a run works. It can be restored to any moment that was kept, as if the process had been killed then.
 */
export class Workplace {
  readonly path: string
  readonly snapshots: Snapshot[] = []
  readonly #kept: string

  constructor(t: Test) {
    const root = t.testdir()
    this.path = join(root, 'work')
    this.#kept = root
    mkdirSync(this.path)
  }

  /** The path of a file. */
  file(name: string): string {
    return join(this.path, name)
  }

  /** The name of the temporary file of an output. @throws when there is not exactly one */
  partial(name: string): string {
    return basename(partialOf(this.file(name)))
  }

  get checkpoint(): string {
    return this.file('checkpoint.json')
  }

  /** The names of the files. */
  get names(): string[] {
    return readdirSync(this.path).sort()
  }

  /** The contents of a file, decompressed. */
  contents(name: string): string {
    const bytes = readFileSync(this.file(name))
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  }

  /** The values of an NDJSON file. */
  lines<T = unknown>(name: string): T[] {
    return this.contents(name)
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as T)
  }

  /** The checkpoint. */
  get saved(): Checkpoint {
    return JSON.parse(this.contents('checkpoint.json').split('\n')[1] as string)
  }

  /** The contents of all files in base64, by name. */
  get everything(): Record<string, string> {
    return Object.fromEntries(
      this.names.map(name => [name, readFileSync(this.file(name)).toString('base64')]),
    )
  }

  /** Keeps a copy of the folder. */
  readonly keep = (moment: Moment): void => {
    const folder = join(this.#kept, String(this.snapshots.length))
    cpSync(this.path, folder, { recursive: true })
    this.snapshots.push({ moment, folder })
  }

  /** Restores the folder from a copy. */
  goBack({ folder }: Snapshot): void {
    this.clear()
    cpSync(folder, this.path, { recursive: true })
  }

  rename(from: string, to: string): void {
    renameSync(this.file(from), this.file(to))
  }

  clear(): void {
    rmSync(this.path, { recursive: true })
    mkdirSync(this.path)
  }

  has(name: string): boolean {
    return existsSync(this.file(name))
  }
}
