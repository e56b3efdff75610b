import { Transform } from 'node:stream'
import t, { type Test } from 'tap'
import { done, type Lead, type Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { project } from '../../lib/operators/project.ts'
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
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

const portal = await createPortal({ leads: 130 })
t.teardown(() => portal.close())
const { accessToken, origin } = portal
const name = 'out.ndjson'

interface Setting {
  operators: () => Operator<Lead, unknown>
  limit?: number
}

const guidOf = ({ guid }: Lead) => ({ guid })

/** Numbers values, and says at the end how many there were. */
const numbered = <T>(word: string) =>
  operator<T, unknown>({
    name: `numbered ${word}`,
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
        counts: () => ({ numbered: n }),
      }
    },
  })

/** Hands values on a few at a time, so that it always holds some. */
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
  'state of its own, flushed at the end': {
    operators: () => compose(map(guidOf), numbered('a'), numbered('b')),
  },
  'take, with operators around it': {
    operators: () =>
      compose(
        filter((lead: Lead) => Boolean(lead.isCustomer)),
        take<Lead>(20),
        map(guidOf),
      ),
  },
  'take of all': { operators: () => take<Lead>(1_000) },
  'an operator that wants no more, without a last value': {
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
  'a limit behind which nothing follows': { operators: () => map(guidOf), limit: 1_000 },
  'streams of the user, before, between and behind': {
    operators: () =>
      compose(
        transform<Lead, Lead>(() => new Holding()),
        map(guidOf),
        transform(() => new Holding()),
        numbered('n'),
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
        numbered('n'),
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
  'an operator that lets nothing through': { operators: () => filter(() => false) },
}

function start(
  t: Test,
  work: Workplace,
  { operators, limit }: Setting,
  look = (_: Moment) => {},
  waits = true,
) {
  return run(
    leads(openClient(t, origin, { accessToken }), { max: 20, limit }),
    paced<Lead>(waits),
    operators(),
    watchSaves(toFile(work.file(name)), look),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 } } },
  )
}

for (const [what, setting] of Object.entries(settings)) {
  t.test(`${what}: from each checkpoint, everything comes out the same`, async t => {
    const work = new Workplace(t)
    const undisturbed = await start(t, work, setting, work.keep)
    const contents = work.contents(name)
    t.ok(work.snapshots.length > 5)
    work.clear()
    await start(t, work, setting, work.keep, false)
    t.equal(work.contents(name), contents, 'saved while leads come')
    for (const [index, snapshot] of work.snapshots.entries()) {
      work.goBack(snapshot)
      const report = await start(t, work, setting, undefined, index % 4 === 0)
      t.equal(work.contents(name), contents, `from moment ${index}, ${snapshot.moment}`)
      t.strictSame(withoutChance(countsOf(report)), withoutChance(countsOf(undisturbed)))
    }
  })

  t.test(`${what}: ended at every save, it comes out the same`, async t => {
    const work = new Workplace(t)
    const undisturbed = await start(t, work, setting)
    const contents = work.contents(name)
    work.clear()
    // Each start gets as far as its first save, then its second, then its third, and so on around.
    for (let starts = 1; ; starts += 1) {
      const kept = work.snapshots.length
      const report = await start(t, work, setting, work.keep)
      const ended = work.snapshots[kept + (starts % 4)]
      if (ended?.moment !== 'saved') {
        t.ok(starts > 3)
        t.equal(work.contents(name), contents)
        t.strictSame(withoutChance(countsOf(report)), withoutChance(countsOf(undisturbed)))
        t.equal(report.checkpoint?.starts, starts)
        return
      }
      work.goBack(ended)
    }
  })
}

/** What had been read ahead when an operator wanted no more is a matter of chance. */
function withoutChance({ leads, source, operators, ...rest }: ReturnType<typeof countsOf>) {
  const ends = operators.some(({ name }) => name === 'until' || (name === 'take' && operators.length > 2))
  return ends ? { ...rest, out: operators.map(({ out }) => out) } : { leads, source, operators, ...rest }
}

t.test('take that had all when it was saved asks for nothing more after a restart', async t => {
  const work = new Workplace(t)
  // It is saved behind the last lead that is taken.
  const setting = { operators: () => take<Lead>(30) }
  await start(t, work, setting, work.keep)
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
    t.match(await start(t, work, setting), { records: 30 })
    t.equal(portal.requestCount, requestCount)
    t.equal(work.contents(name), contents)
  }
})

t.test('the numbers are compared when the source has let go of what it had read ahead', async t => {
  const work = new Workplace(t)
  const source = leads(openClient(t, origin, { accessToken }), { max: 20 })
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
  'a flush without a save': operator<Lead>(
    'last',
    (lead, emit) => emit(lead),
    () => {},
  ),
  'a create without a save': operator<Lead>({
    name: 'last',
    create: () => ({ step: (lead, emit) => emit(lead) }),
  }),
  'a save without a restore': operator<Lead>({
    name: 'last',
    create: () => ({ step: (lead, emit) => emit(lead), save: () => 1 }),
  }),
}
for (const [what, operators] of Object.entries(unsaved)) {
  t.test(`${what} is refused before anything is touched`, async t => {
    const work = new Workplace(t)
    const { requestCount } = portal
    t.match(await failureOf(start(t, work, { operators: () => operators })), {
      code: 'OPTION',
      message:
        /^run\(\): checkpoint: expected operators whose state can be saved, received the operator "last" without /,
    })
    t.equal(portal.requestCount, requestCount)
    t.strictSame(work.names, [])
  })
}

t.test('a state that is no JSON fails the run, and the last checkpoint stays', async t => {
  const work = new Workplace(t)
  let seen = 0
  const odd = () =>
    operator<Lead>({
      name: 'odd',
      create: () => ({
        step(lead, emit) {
          seen += 1
          emit(lead)
        },
        save: () => (seen > 50 ? new Map() : seen),
        restore() {},
      }),
    })
  t.match(await failureOf(start(t, work, { operators: odd })), { code: 'OPERATOR', message: /^odd: .*Map/ })
  t.ok((work.saved.state.chain.operators[1]?.counts.in as number) <= 50)
  seen = 0
  t.match(await start(t, work, { operators: () => map((lead: Lead) => lead) }).catch(error => error), {
    code: 'CHECKPOINT',
  })
})

t.test('a restore that throws is an OPERATOR error, and changes nothing', async t => {
  const work = new Workplace(t)
  const setting = (restore: () => void) => ({
    operators: () =>
      operator<Lead>({
        name: 'picky',
        create: () => ({ step: (lead, emit) => emit(lead), save: () => 1, restore }),
      }),
  })
  await start(
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
  t.match(await failureOf(start(t, work, setting(refuse))), {
    code: 'OPERATOR',
    message: 'picky: restore(): not this one',
  })
  t.strictSame(work.everything, before)
  t.equal(portal.requestCount, requestCount)
  await start(
    t,
    work,
    setting(() => {}),
  )
  t.equal(work.contents(name), contents)
})
