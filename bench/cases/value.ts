// Sends values from memory through SOURCE and OPERATORS to a sink that only counts, repeatedly in this process. Prints
// the nanoseconds per value of the fastest pass, in CPU time: nothing here waits for anything outside of the process, and
// other load on the machine only adds to the time (up to twice as much, because caches are shared).
import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { filter, map, peek, run } from '../leadpipe.ts'

interface Value {
  id: number
}

const count = 100_000
const values: Value[] = Array.from({ length: count }, (_, id) => ({ id }))

// Every source emits the same objects, so that creating them is not measured.
const sources: Record<string, () => Iterable<Value> | Readable> = {
  array: () => values,
  generator: function* () {
    for (const value of values) yield value
  },
  /** Keeps its buffer full, as a parser or a database driver does. */
  Readable: readable,
}

function readable(): Readable {
  let next = 0
  return new Readable({
    objectMode: true,
    read() {
      while (this.push(next < count ? values[next++] : null));
    },
  })
}

let received = 0
let seen = 0
const counter = () =>
  new Writable({
    objectMode: true,
    write(_value, _encoding, callback) {
      received += 1
      callback()
    },
  })

const isKept = ({ id }: Value) => id >= 0
const changed = ({ id }: Value) => ({ id: id + 1 })
const look = () => {
  seen += 1
}
const later = (value: Value) => Promise.resolve(value)

/** An operator as it is written without leadpipe. */
const transform = (step: (value: Value) => Value | undefined) =>
  new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      callback(null, step(value))
    },
  })
const filtering = () => transform(value => (isKept(value) ? value : undefined))
const peeking = () =>
  transform(value => {
    look()
    return value
  })

type Source = ReturnType<(typeof sources)[string]>
const operators: Record<string, (source: Source) => Promise<unknown>> = {
  none: source => run(source, counter()),
  '3 sync': source => run(source, filter(isKept), map(changed), peek(look), counter()),
  '1 async': source => run(source, map(later), counter()),
  '5 sync': source =>
    run(source, filter(isKept), map(changed), peek(look), map(changed), filter(isKept), counter()),
  '5 Transforms': source =>
    pipeline(
      source as Readable,
      filtering(),
      transform(changed),
      peeking(),
      transform(changed),
      filtering(),
      counter(),
    ),
}

const open = sources[process.env.SOURCE as string] as () => Source
const flow = operators[process.env.OPERATORS as string] as (source: Source) => Promise<unknown>

async function pass(): Promise<number> {
  received = 0
  const before = process.cpuUsage()
  await flow(open())
  const { user, system } = process.cpuUsage(before)
  if (received !== count) throw new Error(`${received} of ${count} values arrived`)
  return ((user + system) * 1_000) / count
}

// At least 15 passes, so that the code is compiled by then: on a busy machine, one pass can take a second.
const end = performance.now() + 1_000
let nanoseconds = Number.POSITIVE_INFINITY
for (let passes = 0; passes < 15 || performance.now() < end; passes += 1)
  nanoseconds = Math.min(nanoseconds, await pass())
if (seen % count !== 0) throw new Error('peek did not see every value')
console.log(JSON.stringify({ nanoseconds }))
