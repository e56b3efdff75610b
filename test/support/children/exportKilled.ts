// A process that exports a portal with a checkpoint, to be killed and started again. On standard output it writes
// a letter for whatever it does ("." for ten leads, else the first letter of what it does to a file), and at the
// end a line with the report.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import {
  compose,
  explodeEvents,
  HubSpotClient,
  type Lead,
  leads,
  operator,
  peek,
  run,
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
const tell = (letters: string) => writeSync(1, letters)
const { before, after } = killAt(aim)
await watchFileCalls(call => {
  tell(call.what[0] as string)
  before(call)
}, after)

let seen = 0
const watched = peek<Lead>(() => {
  seen += 1
  if (seen % 10 === 0) tell('.')
})

/** A stream that gives each record in a turn of its own, and when the next one has come, or the end. */
class Behind extends Transform {
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

/** Each record with its number and a digest of all records so far: one that is lost or comes twice spoils it. */
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
const behind = transform<{ guid: string }, { guid: string }>(() => new Behind())

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
  // An aim counts the saves: how many there are must not depend on the disk.
  operator<Lead>(pace<Lead>(aim !== undefined)),
  explodeEvents(),
  job.transform ? compose(behind, chained) : chained,
  toFile(join(dir, name)),
  {
    checkpoint: {
      path: join(dir, 'checkpoint.json'),
      every: { leads: every, milliseconds: 3_600_000 },
      // One that is killed behind its last word is started once more.
      whenFinished: 'stop',
    },
  },
)
tell(`\n${JSON.stringify(report)}\n`)
