import { join } from 'node:path'
import {
  type CheckpointOptions,
  explodeEvents,
  HubSpotClient,
  type LeadsQuery,
  leads,
  operator,
  project,
  type Report,
  run,
  toFile,
  toHttp,
  validate,
} from '../../lib/index.ts'
import { goldenTime } from './goldenPortal.ts'

/*
 * The runs of the golden checkpoints, with public names only. A checkpoint belongs to a run with the same stages and
 * options: after a change here the golden checkpoints would belong to another run.
 */

/** The folder and the origin of a golden run. */
export interface GoldenPlace {
  /** The folder of its files and `checkpoint.json`. */
  dir: string
  /** The origin of its leads. */
  origin: string
}

const startTime = goldenTime - 24 * 60 * 60_000
const open = (origin: string) =>
  new HubSpotClient({ origin, accessToken: 'demooooo-oooo-oooo-oooo-oooooooooooo', rateLimit: 'none' })

/** Numbers values, and continues after a restart. */
const numbered = <T extends object>() =>
  operator<T, T & { n: number }>({
    name: 'numbered',
    options: { from: 1 },
    create() {
      let n = 0
      return {
        step(value, emit) {
          n += 1
          emit({ ...value, n })
        },
        save: () => n,
        restore: state => {
          n = Number(state)
        },
      }
    },
  })

/** The run of `running`, `complete` and `finished`: to out.ndjson and rejected.ndjson, from `mixedOrigin`. */
export async function exportRows(
  { dir, origin }: GoldenPlace,
  checkpoint: Partial<CheckpointOptions> = {},
  query: LeadsQuery = {},
): Promise<Report> {
  await using client = open(origin)
  return await run(
    leads(client, { timePivot: 'insertedAt', startTime, max: 10, ...query }),
    validate({ onInvalid: 'quarantine', quarantine: join(dir, 'rejected.ndjson') }),
    explodeEvents(),
    project({
      guid: 'guid',
      name: 'firstName',
      status: 'crmDetails.status',
      form: 'conversionEvent.formName',
    }),
    numbered(),
    toFile(join(dir, 'out.ndjson')),
    {
      checkpoint: {
        path: join(dir, 'checkpoint.json'),
        every: { leads: 8 },
        version: 'golden',
        ...checkpoint,
      },
    },
  )
}

/** The run of `finished-plain`: modified leads, to modified-{date}.ndjson, from the portal's own origin. */
export async function exportModified(
  { dir, origin }: GoldenPlace,
  checkpoint: Partial<CheckpointOptions> = {},
): Promise<Report> {
  await using client = open(origin)
  return await run(
    leads(client, { timePivot: 'lastModifiedAt', max: 10 }),
    toFile(join(dir, 'modified-{date}.ndjson')),
    { checkpoint: { path: join(dir, 'checkpoint.json'), whenFinished: 'next', ...checkpoint } },
  )
}

/** The run of `finished-http`: to a receiver, and refused.ndjson, from the portal's own origin. */
export async function postLeads(
  { dir, origin, receiver }: GoldenPlace & { receiver: string },
  checkpoint: Partial<CheckpointOptions> = {},
): Promise<Report> {
  await using client = open(origin)
  return await run(
    leads(client, { startTime, max: 10 }),
    project(['guid', 'email']),
    toHttp(`${receiver}/leads?table=leads`, {
      batch: { records: 5 },
      order: 'strict',
      onRefused: 'dead-letter',
      deadLetter: toFile(join(dir, 'refused.ndjson')),
    }),
    { checkpoint: { path: join(dir, 'checkpoint.json'), every: { leads: 8 }, ...checkpoint } },
  )
}
