// A process that copies contacts with the source and the sink of the examples, to be killed and started again. It
// writes a "." to standard output for each contact, and at the end a line with the report.
import { writeSync } from 'node:fs'
import { operator, run } from 'leadpipe'
import { contactsOf } from '../../../examples/14-own-source.ts'
import { toDatabase } from '../../../examples/15-own-sink.ts'
import { type Aim, killAt } from './Aim.ts'
import { pace } from './pace.ts'

/** The copy of a process, and the moment at which it dies. */
export interface CopyJob {
  origin: string
  database: string
  checkpoint: string
  aim?: Aim | undefined
}

const { origin, database, checkpoint, aim } = JSON.parse(process.argv[2] ?? '') as CopyJob
killAt(aim)
const { step, ...paced } = pace<{ id: string }>().create()
const report = await run(
  contactsOf(origin),
  // An aim counts the saves, so their number must not depend on the speed of the disk.
  operator<{ id: string }>({
    name: 'paced',
    create: () => ({
      step(contact, emit) {
        writeSync(1, '.')
        return step(contact, emit)
      },
      ...paced,
    }),
  }),
  toDatabase(database),
  // A process that is killed after the commit is started once more.
  { checkpoint: { path: checkpoint, every: { leads: 40, milliseconds: 3_600_000 }, whenFinished: 'stop' } },
)
writeSync(1, `\n${JSON.stringify(report)}\n`)
