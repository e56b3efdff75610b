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

/** Keeps what is written to it, also when it is destroyed afterwards. */
class Kept extends Writable {
  readonly #chunks: Buffer[] = []
  #wrote = () => {}
  /** Resolves to what was written first. */
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

/** A `leadpipe` command that runs in this process, with streams, environment and signals of its own. */
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

  /** Interrupts it as a signal of the operating system does. */
  interrupt(signal: InterruptionName): void {
    this.#signals.emit(signal, signal)
  }
}

/** Runs `leadpipe` with these arguments in this process, to its end. */
export function cli(args: readonly string[], env?: Host['env']): Promise<CommandResult> {
  return new Command(args, env).ended
}
