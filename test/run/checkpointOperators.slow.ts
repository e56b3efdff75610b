import { Transform } from 'node:stream'
import t, { type Test } from 'tap'
import { done, type Lead, type Operator } from '../../lib/index.ts'
import { batch } from '../../lib/operators/batch.ts'
import { compose } from '../../lib/operators/compose.ts'
import { dedupe } from '../../lib/operators/dedupe.ts'
import { explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { project } from '../../lib/operators/project.ts'
import { sample } from '../../lib/operators/sample.ts'
import { skip } from '../../lib/operators/skip.ts'
import { summarize } from '../../lib/operators/summarize.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const portal = await createPortal({ leads: 130 })
t.teardown(() => portal.close())
const name = 'out.ndjson'

interface Setting {
  operators: () => Operator<Lead, unknown>
  limit?: number
}

const guidOf = ({ guid }: Lead) => ({ guid })

/** Numbers values, and emits their count at the end. */
const numbering = <T>(word: string) =>
  operator<T, unknown>({
    name: `numbering ${word}`,
    create() {
      let n = 0
      return {
        step: (value, emit) => {
          n += 1
          emit({ [word]: n, value })
        },
        flush: emit => emit({ [`last ${word}`]: n }),
        save: () => n,
        restore: state => {
          n = Number(state)
        },
        counts: () => ({ numbering: n }),
      }
    },
  })

/** Emits values four at a time, so that it often holds some. */
class Holding extends Transform {
  #held: unknown[] = []
  constructor() {
    super({ objectMode: true })
  }
  override _transform(value: unknown, _encoding: BufferEncoding, callback: () => void) {
    this.#held.push(value)
    if (this.#held.length === 4) this.#release()
    setImmediate(callback)
  }
  override _flush(callback: () => void) {
    this.#release()
    setImmediate(callback)
  }
  #release() {
    for (const value of this.#held.splice(0)) this.push(value)
  }
}

const settings: Record<string, Setting> = {
  'operators with state and a flush at the end': {
    operators: () => compose(map(guidOf), numbering('a'), numbering('b')),
  },
  'operators that remember places, keys and a batch': {
    operators: () =>
      compose(
        skip<Lead>(3),
        sample({ share: 0.8, seed: 3 }),
        dedupe(lead => lead.country, { last: 2 }),
        map(guidOf),
        batch({ count: 3 }),
      ),
  },
  'a summary at the end': { operators: () => summarize<Lead>({ by: ['country'] } as never) },
  'take, with operators around it': {
    operators: () =>
      compose(
        filter((lead: Lead) => Boolean(lead.isCustomer)),
        take<Lead>(20),
        map(guidOf),
      ),
  },
  'take of all': { operators: () => take<Lead>(1_000) },
  'an operator that returns done without a last value': {
    operators: () =>
      operator<Lead>({
        name: 'until',
        create() {
          let n = 0
          return {
            step(lead, emit) {
              if (n === 60) return done
              n += 1
              emit(lead)
              return undefined
            },
            save: () => n,
            restore: state => {
              n = Number(state)
            },
          }
        },
      }),
  },
  'a limit': { operators: () => map(guidOf), limit: 77 },
  'a limit larger than the list': { operators: () => map(guidOf), limit: 1_000 },
  "a user's streams before, between and after operators": {
    operators: () =>
      compose(
        transform<Lead, Lead>(() => new Holding()),
        map(guidOf),
        transform(() => new Holding()),
        numbering('n'),
        transform(() => new Holding()),
      ),
  },
  'asynchronous steps': {
    operators: () =>
      compose(
        operator<Lead>('slow', async (lead, emit) => {
          await turns(1)
          emit(lead)
          await turns(1)
          emit({ guid: `${lead.guid} again` })
        }),
        numbering('n'),
      ),
  },
  'several calls of map at a time, with operators around them': {
    operators: () =>
      compose(
        filter((lead: Lead) => lead.guid !== undefined),
        map(
          async (lead: Lead) => {
            await turns(String(lead.guid).charCodeAt(0) % 4)
            return lead
          },
          { concurrency: 6 },
        ),
        explodeEvents(),
        map(async ({ guid, conversionEvent }) => ({ guid, event: conversionEvent.guid }), { concurrency: 3 }),
        numbering('n'),
      ),
  },
  'take after several calls of map at a time': {
    operators: () =>
      compose(
        map(async (lead: Lead) => guidOf(lead), { concurrency: 6 }),
        take(100),
      ),
  },
  'explode and project': {
    operators: () =>
      compose(
        validate(),
        explodeEvents(),
        explodeFormValues(),
        project({ guid: 'guid', form: 'conversionEvent.formName', value: 'formValue.fieldValue' }),
      ),
  },
  'a filter that drops everything': { operators: () => filter(() => false) },
}

const exportWith = (
  t: Test,
  work: Workplace,
  { operators, limit }: Setting,
  onMoment?: (moment: Moment) => void,
  waits = true,
) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 20, limit }),
    waits,
    operators: operators(),
    sink: toFile(work.file(name)),
    every: 10,
    onMoment,
  })

for (const [what, setting] of Object.entries(settings)) {
  t.test(`checkpoint: ${what}: resumed from any save, a run writes the same file`, async t => {
    const work = new Workplace(t)
    const undisturbed = await exportWith(t, work, setting, work.keep)
    const contents = work.contents(name)
    t.ok(work.snapshots.length > 5)
    work.clear()
    await exportWith(t, work, setting, work.keep, false)
    t.equal(work.contents(name), contents, 'the file of a run that is saved while leads arrive')
    for (const [index, snapshot] of work.snapshots.entries()) {
      work.goBack(snapshot)
      const report = await exportWith(t, work, setting, undefined, index % 4 === 0)
      t.equal(work.contents(name), contents, `from snapshot ${index}, ${snapshot.moment}`)
      t.strictSame(withoutReadAhead(countsOf(report)), withoutReadAhead(countsOf(undisturbed)))
    }
  })

  t.test(`checkpoint: ${what}: a run killed at each save and resumed writes the same file`, async t => {
    const work = new Workplace(t)
    const undisturbed = await exportWith(t, work, setting)
    const contents = work.contents(name)
    work.clear()
    // The first run gets as far as its second save, the next to its third, and so on in turn.
    for (let starts = 1; ; starts += 1) {
      const kept = work.snapshots.length
      const report = await exportWith(t, work, setting, work.keep)
      const killedAt = work.snapshots[kept + (starts % 4)]
      if (killedAt?.moment !== 'saved') {
        t.ok(starts > 3)
        t.equal(work.contents(name), contents)
        t.strictSame(withoutReadAhead(countsOf(report)), withoutReadAhead(countsOf(undisturbed)))
        t.equal(report.checkpoint?.starts, starts)
        return
      }
      work.goBack(killedAt)
    }
  })
}

/** Without what varies: how many leads had been read ahead, or were under way before an operator that ended the run. */
function withoutReadAhead({ read, source, operators, ...rest }: ReturnType<typeof countsOf>) {
  const ends = operators.some(({ name }) => name === 'until' || (name === 'take' && operators.length > 2))
  return ends
    ? { ...rest, out: operators.slice(1).map(({ out }) => out) }
    : { leads, source, operators, ...rest }
}

t.test('checkpoint: a resumed run whose take() was full when it was saved sends no request', async t => {
  const work = new Workplace(t)
  // One of the saves is directly after the last lead that is taken.
  const setting = { operators: () => take<Lead>(30) }
  await exportWith(t, work, setting, work.keep)
  const contents = work.contents(name)
  const all = work.snapshots.filter(snapshot => {
    work.goBack(snapshot)
    return work.saved.state.chain.operators[1]?.counts.out === 30
  })
  t.strictSame(
    all.map(({ moment }) => moment),
    ['saved', 'complete', 'ended'],
  )
  for (const snapshot of all) {
    work.goBack(snapshot)
    const { requestCount } = portal
    t.match(await exportWith(t, work, setting), { records: 30 })
    t.equal(portal.requestCount, requestCount)
    t.equal(work.contents(name), contents)
  }
})

t.test('checkpoint: a run may resume with another concurrency of map()', async t => {
  const work = new Workplace(t)
  const setting = (concurrency: number) => ({
    operators: () => map(async (lead: Lead) => guidOf(lead), { concurrency }),
  })
  await exportWith(t, work, setting(6), work.keep)
  const contents = work.contents(name)
  work.goBack(work.snapshots[4] as never)
  t.match(await exportWith(t, work, setting(1)), { checkpoint: { found: 'running' } })
  t.equal(work.contents(name), contents)
})

t.test('checkpoint: after an early end, the ledger counts leads that were read ahead as unused', async t => {
  const work = new Workplace(t)
  const source = leads(portalClient(t, portal), { max: 20 })
  let seen = 0
  const untilReadAhead = peek(() => {
    seen += 1
    return seen === 25 ? eventually(() => source.counts.decoded > 35, true) : undefined
  })
  const report = await run(source, untilReadAhead, take(30), toFile(work.file(name)), {
    checkpoint: work.checkpoint,
  })
  t.match(report, { records: 30, source: { delivered: 30 } })
  const { decoded = 0, unused = 0, dropped = 0 } = report.source ?? {}
  t.ok(unused > 0)
  t.equal(decoded, 30 + dropped + unused)
})

const unsaved: Record<string, Operator<Lead, unknown>> = {
  'flush() but no save()': operator<Lead>(
    'last',
    (lead, emit) => emit(lead),
    () => {},
  ),
  'create() but no save()': operator<Lead>({
    name: 'last',
    create: () => ({ step: (lead, emit) => emit(lead) }),
  }),
  'save() but no restore()': operator<Lead>({
    name: 'last',
    create: () => ({ step: (lead, emit) => emit(lead), save: () => 1 }),
  }),
}
for (const [what, operators] of Object.entries(unsaved)) {
  t.test(`checkpoint: an operator with ${what} is an OPTION error before the first request`, async t => {
    const work = new Workplace(t)
    const { requestCount } = portal
    t.match(await failureOf(exportWith(t, work, { operators: () => operators })), {
      code: 'OPTION',
      message:
        /^run\(\): checkpoint: expected operators whose state can be saved, received the operator "last" without /,
    })
    t.equal(portal.requestCount, requestCount)
    t.strictSame(work.names, [])
  })
}

t.test('checkpoint: an operator state that is not JSON is an OPERATOR error at the save', async t => {
  const work = new Workplace(t)
  let seen = 0
  const unsavable = () =>
    operator<Lead>({
      name: 'unsavable',
      create: () => ({
        step(lead, emit) {
          seen += 1
          emit(lead)
        },
        save: () => (seen > 50 ? new Map() : seen),
        restore() {},
      }),
    })
  t.match(await failureOf(exportWith(t, work, { operators: unsavable })), {
    code: 'OPERATOR',
    message: /^unsavable: .*Map/,
  })
  t.ok((work.saved.state.chain.operators[1]?.counts.in as number) <= 50)
  seen = 0
  t.match(await exportWith(t, work, { operators: () => map((lead: Lead) => lead) }).catch(error => error), {
    code: 'CHECKPOINT',
  })
})

t.test('checkpoint: a restore() that throws is an OPERATOR error, and changes no file', async t => {
  const work = new Workplace(t)
  const setting = (restore: () => void) => ({
    operators: () =>
      operator<Lead>({
        name: 'picky',
        create: () => ({ step: (lead, emit) => emit(lead), save: () => 1, restore }),
      }),
  })
  await exportWith(
    t,
    work,
    setting(() => {}),
    work.keep,
  )
  const contents = work.contents(name)
  work.goBack(work.snapshots[5] as never)
  const before = work.everything
  const { requestCount } = portal
  const refuse = () => {
    throw new Error('not this one')
  }
  t.match(await failureOf(exportWith(t, work, setting(refuse))), {
    code: 'OPERATOR',
    message: 'picky: restore(): not this one',
  })
  t.strictSame(work.everything, before)
  t.equal(portal.requestCount, requestCount)
  await exportWith(
    t,
    work,
    setting(() => {}),
  )
  t.equal(work.contents(name), contents)
})
