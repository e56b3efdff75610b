import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compose } from '../../lib/operators/compose.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { failureOf } from '../support/failureOf.ts'
import { Workplace } from '../support/Workplace.ts'

const setAside = (quarantine: string) => validate({ onInvalid: 'quarantine', quarantine })

t.test('one file is never two outputs of a run, whatever it is called', async t => {
  const work = new Workplace(t)
  const [out, other] = [work.file('out.ndjson'), work.file('other.ndjson')]
  symlinkSync('out.ndjson', work.file('link.ndjson'))
  const elsewhere = join(work.path, '..', 'work', 'out.ndjson')
  const courses: [string, () => Promise<unknown>][] = [
    ['the quarantine', () => run([{ guid: 'a' }], setAside(elsewhere), toFile(out))],
    ['a link', () => run([{ guid: 'a' }], setAside(work.file('link.ndjson')), toFile(out))],
    [
      'two quarantines',
      () => run([{ guid: 'a' }], compose(setAside(out), setAside(work.file('link.ndjson'))), toFile(other)),
    ],
    [
      'dead letters',
      () =>
        run(
          [{ guid: 'a' }],
          setAside(out),
          toHttp('http://127.0.0.1:1', { onRefused: 'dead-letter', deadLetter: toFile(elsewhere) }),
        ),
    ],
  ]
  const { names } = work
  for (const [what, begin] of courses) {
    t.match(
      await failureOf(begin()),
      { code: 'OPTION', message: /^run\(\): expected a file of its own for each output, received / },
      what,
    )
    t.strictSame(work.names, names)
  }
})

t.test('a device may be several', async t => {
  await run([{ guid: 'a' }], setAside('/dev/null'), toFile('/dev/null', { format: 'json' }))
  t.pass()
})
