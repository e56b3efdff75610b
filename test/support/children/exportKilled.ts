// A process that exports a portal with a checkpoint, to be killed and started again. To standard output it writes a
// letter for each activity ("." for ten leads, else the first letter of a call to a file), and at the end a line with
// the report.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import {
  branch,
  compose,
  explodeEvents,
  filter,
  HubSpotClient,
  type Lead,
  leads,
  map,
  operator,
  peek,
  run,
  tee,
  toFile,
  transform,
  validate,
} from 'leadpipe'
import { killAt } from './Aim.ts'
import type { ExportJob } from './ExportJob.ts'
import { pace } from './pace.ts'
import { watchFileCalls } from './watchFileCalls.ts'

const job = JSON.parse(process.argv[2] ?? '') as ExportJob
const { origin, accessToken, dir, name, query = { includeDeleted: true }, every, aim } = job
const print = (letters: string) => writeSync(1, letters)
const { before, after } = killAt(aim)
await watchFileCalls(call => {
  print(call.what[0] as string)
  before(call)
}, after)

let seen = 0
const watched = peek<Lead>(() => {
  seen += 1
  if (seen % 10 === 0) print('.')
})

/** A stream that emits each record in a later turn, when the next record or the end has arrived. */
class OneLate extends Transform {
  #held: unknown

  constructor() {
    super({ objectMode: true })
  }

  override _transform(record: unknown, _encoding: BufferEncoding, callback: () => void): void {
    setImmediate(() => {
      if (this.#held !== undefined) this.push(this.#held)
      this.#held = record
      callback()
    })
  }

  override _flush(callback: () => void): void {
    if (this.#held !== undefined) this.push(this.#held)
    callback()
  }
}

/** Adds to each record its number and a digest of all records so far, which shows lost and repeated records. */
const chained = operator<{ guid: string }, object>({
  name: 'chained',
  create() {
    let state = { n: 0, chain: '' }
    return {
      step(record, emit) {
        const chain = createHash('sha256').update(`${state.chain} ${record.guid}`).digest('hex').slice(0, 16)
        state = { n: state.n + 1, chain }
        emit({ ...state, ...record })
      },
      flush: emit => emit({ total: state.n, chain: state.chain }),
      save: () => state,
      restore(saved) {
        state = saved as typeof state
      },
    }
  },
})
const oneLate = transform<{ guid: string }, { guid: string }>(() => new OneLate())
/** The calls end in another order than they begin. */
const calls = map(
  async (record: { guid: string }) => {
    for (let turns = (record.guid.at(-1) ?? '').charCodeAt(0) % 3; turns > 0; turns -= 1) await turn()
    return record
  },
  { concurrency: 4 },
)

const output = toFile(join(dir, name))
const third = (record: object) => 'n' in record && Number(record.n) % 3 === 0
const sink =
  job.thirds === undefined ? output : tee(output, branch(filter(third), toFile(join(dir, job.thirds))))

await using client = new HubSpotClient({
  accessToken,
  origin,
  rateLimit: 'none',
  retry: { retries: 20, minDelay: 1, maxDelay: 50, budget: 10 },
})
const report = await run(
  leads(client, query),
  validate({ onInvalid: 'quarantine', quarantine: join(dir, 'rejected.ndjson') }),
  watched,
  // An aim counts the saves, so their number must not depend on the speed of the disk.
  operator<Lead>(pace<Lead>(aim !== undefined)),
  explodeEvents(),
  job.transform ? compose(oneLate, calls, chained) : chained,
  sink,
  {
    checkpoint: {
      path: join(dir, 'checkpoint.json'),
      every: { leads: every, milliseconds: 3_600_000 },
      // A process that is killed after the commit is started once more.
      whenFinished: 'stop',
    },
  },
)
print(`\n${JSON.stringify(report)}\n`)
