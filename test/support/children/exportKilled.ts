// A process that exports a portal with a checkpoint, to be killed and started again. To standard output it writes a
// letter for each activity ("." for ten records, else the first letter of a call to a file), and at the end a line with
// the report.
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import {
  branch,
  compose,
  contacts,
  contactsAsLeads,
  explodeEvents,
  filter,
  formSubmissions,
  HubSpotClient,
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
import type { CrmSource, ExportJob } from './ExportJob.ts'
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
const watched = peek<object>(() => {
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

/** What tells records apart: the key of a lead, of a CRM object, of a submission. */
const keyOf = (record: object): string =>
  ['guid', 'id', 'conversionId'].map(name => (record as Record<string, string>)[name]).find(Boolean) ?? ''

/** Adds to each record its number and a digest of all records so far, which shows lost and repeated records. */
const chained = operator<object, object>({
  name: 'chained',
  create() {
    let state = { n: 0, chain: '' }
    return {
      step(record, emit) {
        const chain = createHash('sha256')
          .update(`${state.chain} ${keyOf(record)}`)
          .digest('hex')
          .slice(0, 16)
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
const oneLate = transform<object, object>(() => new OneLate())
/** The calls end in another order than they begin. */
const calls = map(
  async (record: object) => {
    for (let turns = (keyOf(record).at(-1) ?? '').charCodeAt(0) % 3; turns > 0; turns -= 1) await turn()
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
const quarantine = join(dir, 'rejected.ndjson')
/** About one of ten records of today's APIs is invalid. */
const key = { type: 'string', pattern: '[^7]$' }
const schema = { type: 'object', properties: { guid: key, id: key, conversionId: key } }
// An aim counts the saves, so their number must not depend on the speed of the disk.
const paced = operator<object>(pace<object>(aim !== undefined))
const last = job.transform ? compose(oneLate, calls, chained) : chained
const options = {
  checkpoint: {
    path: join(dir, 'checkpoint.json'),
    every: { leads: every, milliseconds: 3_600_000 },
    // A process that is killed after the commit is started once more.
    whenFinished: 'stop',
  },
} as const
const report =
  job.source === undefined
    ? await run(
        leads(client, query),
        validate({ onInvalid: 'quarantine', quarantine }),
        watched,
        paced,
        explodeEvents(),
        last,
        sink,
        options,
      )
    : await run(
        sourceOf(job.source),
        validate<object>({ schema, onInvalid: 'quarantine', quarantine }),
        watched,
        paced,
        last,
        sink,
        options,
      )
print(`\n${JSON.stringify(report)}\n`)

function sourceOf([kind, options]: CrmSource) {
  if (kind === 'contacts') return contacts(client, options)
  return kind === 'formSubmissions' ? formSubmissions(client, options) : contactsAsLeads(client, options)
}
