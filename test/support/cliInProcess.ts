import { EventEmitter } from 'node:events'
import { Writable } from 'node:stream'
import type { Host, InterruptionName } from '../../lib/cli/Host.ts'
import { main } from '../../lib/cli/program.ts'

/** How a command ended and what it printed. */
export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

/** Keeps the text written to it, even after it is destroyed. */
class Kept extends Writable {
  readonly #chunks: Buffer[] = []
  #wrote = () => {}
  /** Resolves to the text of the first write. */
  readonly first = new Promise<string>(resolve => {
    this.#wrote = () => resolve(this.text)
  })

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#chunks.push(chunk)
    this.#wrote()
    callback()
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }
}

/** A `leadpipe` command in this process, with its own streams, environment and signals. */
export class Command {
  readonly stdout = new Kept()
  readonly stderr = new Kept()
  readonly ended: Promise<CommandResult>
  readonly #signals = new EventEmitter()

  constructor(args: readonly string[], env: Host['env'] = {}) {
    const { stdout, stderr } = this
    const host: Host = Object.assign(this.#signals, { stdout, stderr, env })
    this.ended = main(args, host).then(code => ({ code, stdout: stdout.text, stderr: stderr.text }))
  }

  /** Sends it a signal, as the operating system does. */
  interrupt(signal: InterruptionName): void {
    this.#signals.emit(signal, signal)
  }
}

/** Runs `leadpipe` with these arguments in this process, to its end. */
export function cli(args: readonly string[], env?: Host['env']): Promise<CommandResult> {
  return new Command(args, env).ended
}
