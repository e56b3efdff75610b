import { Duplex, type PassThrough } from 'node:stream'
import { nothingEmitted } from '../engine/instance.ts'

/**
 * An async generator of the user's as a Duplex. `Duplex.from` would not do: when its generator has returned, a write to it
 * stays pending.
 *
 * @param input where the generator reads what is written to the Duplex
 * @param generator its output
 */
export function generatorStream(input: PassThrough, generator: AsyncIterable<unknown>): Duplex {
  // An error of the input is thrown in the generator.
  input.on('error', () => {})
  const values = generator[Symbol.asyncIterator]()
  return new Duplex({
    objectMode: true,
    write(record, _encoding, callback) {
      if (input.write(record)) callback()
      else input.once('drain', callback)
    },
    final(callback) {
      input.end(callback)
    },
    read() {
      values.next().then(
        ({ done, value }) => {
          if (!done && (value === null || value === undefined)) this.destroy(nothingEmitted(value))
          else if (!done) this.push(value)
          else if (input.readableEnded) this.push(null)
          else this.destroy(new Error(returnedEarly))
        },
        error => this.destroy(error),
      )
    },
    destroy(error, callback) {
      input.destroy(error ?? undefined)
      // It may wait for something that never comes.
      values.return?.().then(undefined, () => {})
      callback(error)
    },
  })
}

const returnedEarly = 'it returned before the end of its input; to end a run early, use take()'
