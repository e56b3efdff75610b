import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { cli } from '../support/cliInProcess.ts'

async function startPortal(t: Test, faults?: string) {
  // A clock that stands still would never free the limit of searches per second.
  const ahead = Date.UTC(2026, 10, 27, 12) - Date.now()
  const portal = await createPortal({
    ...{ leads: 1_000, objects: { companies: 1_200, deals: 700, '2-5': 400 } },
    now: () => Date.now() + ahead,
    faults,
  })
  t.teardown(() => portal.close())
  return { portal, access: ['--origin', portal.origin, '--access-token', portal.accessToken] }
}

/** Each source: its flags, the words of the report, and a request that fails once. */
const exports: Record<string, { flags: string[]; said: RegExp; failsAt: number }> = {
  leads: { flags: [], said: /^9\d\d leads in \d+ pages, /, failsAt: 5 },
  contacts: {
    flags: ['--properties', 'email,firstname', '--associations', 'companies', '--types'],
    said: /^9\d\d contacts in \d+ pages, /,
    failsAt: 9,
  },
  companies: { flags: ['--archived', 'both'], said: /^1,200 companies in \d+ pages, /, failsAt: 6 },
  'objects/2-5': { flags: ['--paging', 'cursor'], said: /^\d+ records in \d+ pages, /, failsAt: 3 },
  deals: {
    flags: ['--modified-after', '2010-01-01', '--properties', 'dealname', '--lag', '0'],
    said: /^\d+ deals in \d+ pages, .*\nread up to hs_lastmodifieddate 2026-11-27T12:00:\S+Z\n/,
    failsAt: 6,
  },
  forms: { flags: [], said: /^7 forms in 2 pages, /, failsAt: 2 },
  submissions: {
    flags: ['--start-time', '2010-01-01'],
    said: /^[\d,]+ submissions in \d+ pages, .*\nread what was submitted before 2026-11-27T11:5[4-6]:\S+Z\nthe portal refused the submissions of 1 form: b10c\w+ \(400\)\n/,
    failsAt: 14,
  },
  'contacts-as-leads': {
    flags: ['--explode', 'events', '--select', 'guid,form=conversionEvent.formName', '--on-invalid', 'skip'],
    said: /^9\d\d leads in \d+ pages, [\s\S]*\n[\d,]+ submissions joined to contacts: [\d,]+ by conversionId\n\d+ submissions matched no contact\n/,
    failsAt: 30,
  },
}
for (const [source, { flags, said, failsAt }] of Object.entries(exports)) {
  t.test(
    `leadpipe export: --from ${source} resumes from its checkpoint, and writes the same file`,
    async t => {
      const dir = t.testdir()
      const path = (name: string) => join(dir, name)
      const args = (file: string) => [
        ...['export', path(file), '--from', source, ...flags],
        ...(source === 'contacts-as-leads' ? ['--unmatched', path(`${file}.unmatched.ndjson`)] : []),
      ]
      const sound = await startPortal(t)
      const whole = await cli([...args('whole.ndjson'), ...sound.access])
      t.equal(whole.code, 0, whole.stderr)
      t.match(whole.stdout, said)
      t.ok(sound.portal.requestCount >= failsAt, `${sound.portal.requestCount} requests`)
      const failing = await startPortal(t, `#${failsAt} x1:status=405`)
      const again = [...args('a.ndjson'), ...failing.access, '--checkpoint', path('c.json')]
      const failed = await cli(again)
      t.equal(failed.code, 1, failed.stderr)
      t.match(failed.stderr, `; the same command resumes from the checkpoint ${path('c.json')}\n`)
      t.notOk(existsSync(path('a.ndjson')))
      const resumed = await cli(again)
      t.equal(resumed.code, 0, resumed.stderr)
      t.match(resumed.stdout, 'the last of 2 starts; the numbers add up')
      t.equal(readFileSync(path('a.ndjson'), 'utf8'), readFileSync(path('whole.ndjson'), 'utf8'))
      if (source === 'contacts-as-leads') {
        const [first, second] = ['whole', 'a'].map(name =>
          readFileSync(path(`${name}.ndjson.unmatched.ndjson`), 'utf8'),
        )
        t.equal(first, second)
        t.ok(first)
      }
      t.match(await cli([...again, '--when-finished', 'stop']), {
        code: 0,
        stdout: /had finished before: nothing was done\n$/,
      })
    },
  )
}
