import { symlinkSync, writeFileSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import t from 'tap'
import type { RunOptions } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { peek } from '../../lib/operators/peek.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { quarantined } from '../../lib/sources/quarantined.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { Workplace } from '../support/Workplace.ts'

const quarantining = (quarantine: string) => validate({ onInvalid: 'quarantine', quarantine })

t.test('run: two outputs to one file are an OPTION error, under whatever names', async t => {
  const work = new Workplace(t)
  const [out, other] = [work.file('out.ndjson'), work.file('other.ndjson')]
  symlinkSync('out.ndjson', work.file('link.ndjson'))
  const elsewhere = `${work.path}/../${basename(work.path)}/out.ndjson`
  const runs: [string, () => Promise<unknown>][] = [
    ['the quarantine', () => run([{ guid: 'a' }], quarantining(elsewhere), toFile(out))],
    ['a link', () => run([{ guid: 'a' }], quarantining(work.file('link.ndjson')), toFile(out))],
    [
      'two quarantines',
      () =>
        run(
          [{ guid: 'a' }],
          compose(quarantining(out), quarantining(work.file('link.ndjson'))),
          toFile(other),
        ),
    ],
    [
      'dead letters',
      () =>
        run(
          [{ guid: 'a' }],
          quarantining(out),
          toHttp('http://127.0.0.1:1', { onRefused: 'dead-letter', deadLetter: toFile(elsewhere) }),
        ),
    ],
  ]
  const { names } = work
  for (const [what, begin] of runs) {
    t.match(
      await failureOf(begin()),
      { code: 'OPTION', message: /^run\(\): sink: expected a different file for each output, received / },
      what,
    )
    t.strictSame(work.names, names)
  }
})

t.test('run: an output to the quarantine that is read is an OPTION error, under any name', async t => {
  const work = new Workplace(t)
  const big = work.file('big.ndjson')
  const content = `${JSON.stringify({ raw: '{"guid":5}' })}\n`
  writeFileSync(big, content)
  symlinkSync('big.ndjson', work.file('link.ndjson'))
  const { names } = work
  const paths = [
    big,
    relative(process.cwd(), big),
    work.file('link.ndjson'),
    `${work.path}/../${basename(work.path)}/big.ndjson`,
  ]
  for (const path of paths) {
    for (const begin of [
      () => run(quarantined(big), validate({ onInvalid: 'skip' }), toFile(path)),
      () => run(quarantined(work.file('link.ndjson')), toFile(path)),
      () => run(quarantined(big), quarantining(path), toFile(work.file('out.ndjson'))),
    ]) {
      t.match(await failureOf(begin()), {
        code: 'OPTION',
        message: `run(): sink: expected a different file for each output, received ${JSON.stringify(resolve(path))} for an output and for the quarantine that is read`,
        context: { owner: 'run()', option: 'sink' },
      })
    }
  }
  t.strictSame(work.names, names)
  t.equal(work.contents('big.ndjson'), content)
  const nowhere = run(quarantined(work.file('no/such.ndjson')), toFile(work.file('out.ndjson')))
  t.match(await failureOf(nowhere), { code: 'SOURCE', message: /there is no such file$/ })
  t.match(await run(quarantined(big), toFile(work.file('out.ndjson'))), { records: 1 })
})

const second = (work: Workplace) => ({ checkpoint: work.file('other.json') })
const twice: Record<string, { first?: (work: Workplace) => RunOptions; second?: typeof second }> = {
  'neither has a checkpoint': {},
  'only the first has a checkpoint': { first: work => ({ checkpoint: work.checkpoint }) },
  'only the second has a checkpoint': { second },
}
for (const [what, { first, second: optionsOfSecond }] of Object.entries(twice)) {
  t.test(`run: a second run to the same file is a SINK error, and the first ends well: ${what}`, async t => {
    const work = new Workplace(t)
    await using portal = await createPortal({ leads: 5 })
    const client = portalClient(t, portal)
    const path = work.file('out.ndjson')
    const refused: unknown[] = []
    const report = await run(
      leads(client),
      peek(async () => {
        const options = optionsOfSecond?.(work)
        const elsewhere = toFile(work.file('elsewhere.ndjson'))
        refused.push(await failureOf(run(leads(client), toFile(path), options)))
        refused.push(await failureOf(run(leads(client), quarantining(path), elsewhere, options)))
      }),
      toFile(path),
      first?.(work),
    )
    t.equal(work.lines('out.ndjson').length, report.records)
    t.equal(refused.length, 2 * (report.records ?? 0))
    for (const error of refused) {
      t.match(error, {
        code: 'SINK',
        message: `${path}: another run writes to it; wait until that run ends, or give another path`,
        context: { path },
      })
    }
    t.match(await run([1], toFile(path)), { records: 1 })
  })
}

t.test('run: a device can be several outputs', async t => {
  const report = await run(
    [{ guid: 'a' }],
    quarantining('/dev/null'),
    toFile('/dev/null', { format: 'json' }),
  )
  t.match(report, { records: 1, quarantined: 0 })
})
