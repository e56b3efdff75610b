// A process that waits once for each of a million values, in the stage that its argument names. Prints the heap after a
// garbage collection when a tenth of the values, and when all of them have arrived. Needs --expose-gc.
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { type CallContext, map, run, transform } from 'leadpipe'

const [place = ''] = process.argv.slice(2)
const count = 1_000_000

function* numbers() {
  for (let number = 1; number <= count; number += 1) yield number
}

/** Most promises are already settled when they are awaited; every hundredth settles in a later turn. */
const later = async (number: number) => {
  if (number % 100 === 0) await setImmediate()
  return number
}

async function* numbersLater() {
  for (const number of numbers()) yield later(number)
}

/** Every hundredth also asks for its signal, and listens to it. */
const calledLater = (number: number, context: CallContext) => {
  if (number % 100 === 0) context.signal.addEventListener('abort', () => {})
  return later(number)
}

async function* generatedLater(all: AsyncIterable<number>) {
  for await (const number of all) yield later(number)
}

const heap = () => {
  gc?.()
  return process.memoryUsage().heapUsed / 1e6
}
let received = 0
let tenth = 0
let all = 0
/** A sink with room for one value, so that each write must wait for the one before. */
const sink = (wait: boolean) =>
  new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(number, _encoding, callback) {
      received += 1
      if (received === count / 10) tenth = heap()
      if (received === count) all = heap()
      if (wait) later(number).then(() => callback(), callback)
      else callback()
    },
  })

// Objects that live as long as the run must not collect a reaction or a listener for each wait.
const { signal } = new AbortController()
const places: Record<string, () => Promise<unknown>> = {
  source: () => run(numbersLater(), sink(false), { signal }),
  operator: () => run(numbers(), map(later), sink(false), { signal }),
  'several calls': () => run(numbers(), map(calledLater, { concurrency: 8 }), sink(false), { signal }),
  generator: () => run(numbers(), transform(generatedLater), sink(false), { signal }),
  sink: () => run(numbers(), sink(true), { signal }),
}
await places[place]?.()
process.stdout.write(JSON.stringify({ received, tenth, all }))
