import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createPortal, type PortalOptions } from '../../lib/portal/index.ts'
import { cli } from '../support/cliInProcess.ts'

const now = Date.UTC(2026, 10, 27, 12)

async function startPortal(t: Test, options: PortalOptions = {}) {
  const portal = await createPortal({ leads: 100, now: () => now, ...options })
  t.teardown(() => portal.close())
  const access = ['--origin', portal.origin, '--access-token', portal.accessToken]
  return { portal, access }
}

const lines = (text: string) =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
const linesOf = (path: string) => lines(readFileSync(path, 'utf8'))

const records = ['contacts', 'companies', 'deals', 'tickets', 'objects/2-5', 'objects/leads']
const sources = ['leads', ...records, 'forms', 'submissions', 'contacts-as-leads']

/** The flags that do not fit every source: a value if they take one, and the sources that they fit. */
const places: Record<string, [value: string | undefined, fits: readonly string[]]> = {
  search: ['x', ['leads']],
  sort: ['guid', ['leads']],
  dir: ['asc', ['leads']],
  max: ['5', ['leads']],
  offset: ['5', ['leads']],
  'time-pivot': ['closedAt', ['leads']],
  'exclude-conversion-events': [undefined, ['leads']],
  'opt-out': [undefined, ['leads']],
  'eligible-for-email': [undefined, ['leads']],
  bounced: [undefined, ['leads']],
  'is-not-imported': [undefined, ['leads']],
  'include-deleted': [undefined, ['leads']],
  guid: ['a', ['leads']],
  'start-time': ['2020-01-01', ['leads', 'submissions']],
  'stop-time': ['2020-01-01', ['leads', 'submissions']],
  properties: ['email', records],
  associations: ['deals', records],
  types: [undefined, records],
  'modified-after': ['2020-01-01', records],
  'modified-before': ['2020-01-01', records],
  archived: ['both', [...records, 'forms', 'contacts-as-leads']],
  form: ['a', ['submissions']],
  unmatched: ['u.ndjson', ['contacts-as-leads']],
  paging: ['id', ['leads', ...records]],
  lag: ['0', ['leads', ...records, 'submissions', 'contacts-as-leads']],
  reconcile: [undefined, ['leads', ...records]],
  'api-version': ['v3', [...records, 'contacts-as-leads']],
  explode: ['events', ['leads', 'contacts-as-leads']],
  'null-fields': ['keep', ['leads', 'contacts-as-leads']],
  'long-numbers': ['text', ['leads', ...records, 'forms', 'submissions']],
}
const common = [
  ...['from', 'limit', 'origin', 'access-token', 'on-invalid', 'quarantine', 'max-invalid', 'select'],
  ...['allow-undocumented', 'format', 'checkpoint', 'when-finished', 'concurrency', 'rate', 'quiet', 'json'],
]

t.test('leadpipe export: each flag of --help fits every source, or is known not to', async t => {
  const { stdout } = await cli(['export', '--help'])
  const flags = [...stdout.matchAll(/^ {2}(?:-h, )?--([a-z-]+)/gm)].map(([, flag]) => flag)
  t.strictSame(flags.toSorted(), [...Object.keys(places), ...common, 'help'].toSorted())
})

t.test('leadpipe export: --help is no wider than 80 columns, and groups the flags by source', async t => {
  const { stdout } = await cli(['export', '--help'])
  t.ok(stdout.split('\n').every(line => line.length <= 80))
  for (const group of [
    'What:',
    'CRM records (contacts, companies, deals, tickets, objects/TYPE):',
    'Submissions:',
    'Contacts as leads:',
    'Leads (parameters of the API of 2011):',
  ]) {
    t.match(stdout, `\n${group}\n`)
  }
})

t.test(
  'leadpipe export: a flag that does not fit the source is wrong usage, which says where it belongs',
  async t => {
    const { portal, access } = await startPortal(t)
    const dir = t.testdir()
    for (const [flag, [value, fits]] of Object.entries(places)) {
      for (const source of sources.filter(source => !fits.includes(source))) {
        const given = [`--${flag}`, ...(value === undefined ? [] : [value])]
        const checkpoint = ['--checkpoint', join(dir, 'c.json')]
        const from = source === 'leads' ? [] : ['--from', source]
        const { code, stdout, stderr } = await cli([
          ...['export', join(dir, 'a.ndjson'), ...access, ...from, ...given, ...checkpoint],
        ])
        const what = `--from ${source} ${given.join(' ')}`
        t.equal(code, 2, what)
        t.equal(stdout, '', what)
        t.ok(
          stderr.startsWith(`leadpipe: --${flag}: expected none with --from '${source}'`),
          `${what}: ${stderr}`,
        )
        const [, belongs = ''] = /; it belongs to --from ([^;\n]+)/.exec(stderr) ?? []
        const named = belongs.split(/, | or /)
        for (const fit of fits)
          t.ok(named.includes(fit.replace(/^objects\/.*/, 'objects/TYPE')), `${what}: ${fit}`)
      }
    }
    t.equal(portal.requestCount, 0)
    t.strictSame(readdirSync(dir), [])
  },
)

t.test('leadpipe export: what to give instead of a flag of another source is said', async t => {
  const cases: [args: string[], instead: string][] = [
    [['--from', 'contacts', '--start-time', '2020-01-01'], '--modified-after'],
    [['--from', 'deals', '--include-deleted'], '--archived both'],
    [['--from', 'submissions', '--modified-after', '2020-01-01'], '--start-time'],
    [['--archived', 'both'], '--include-deleted'],
    [['--from', 'contacts-as-leads', '--include-deleted'], '--archived both'],
  ]
  for (const [args, instead] of cases) {
    const { code, stderr } = await cli(['export', '-', '--access-token', 'x', ...args])
    t.equal(code, 2)
    t.ok(stderr.endsWith(`; here, give ${instead}\n`), stderr)
  }
})

const wrong: Record<string, [args: string[], says: RegExp]> = {
  'an unknown source': [
    ['--from', 'contact'],
    /'contact' is invalid\. Expected one of contacts, companies, .*objects\/TYPE/,
  ],
  'an object type with a space': [['--from', 'objects/a b'], /Expected one of/],
  'a list with an empty name': [
    ['--from', 'contacts', '--properties', 'email,'],
    /Expected a list such as email,firstname,lastname/,
  ],
  'a repeated property': [
    ['--from', 'contacts', '--properties', 'email,email'],
    /^leadpipe: --properties: expected names of properties .*repeats none/,
  ],
  '--paging of another source': [
    ['--from', 'contacts', '--paging', 'seek'],
    /^leadpipe: --paging: expected "id" or "cursor", received 'seek'\n$/,
  ],
  '--lag without a time': [
    ['--from', 'contacts', '--lag', '5'],
    /^leadpipe: --lag: expected none, received 5; it belongs to --modified-after and --modified-before\n$/,
  ],
  '--archived with a time': [
    ['--from', 'contacts', '--modified-after', '2020-01-01', '--archived', 'only'],
    /^leadpipe: --archived: expected none with --modified-after 1577836800000, received only; search does not find/,
  ],
  '--paging with a time': [
    ['--from', 'contacts', '--modified-before', '2020-01-01', '--paging', 'id'],
    /^leadpipe: --paging: expected none with --modified-before 1577836800000, received 'id'\n$/,
  ],
  'an end before the beginning': [
    ['--from', 'deals', '--modified-after', '2020-01-02', '--modified-before', '2020-01-01'],
    /^leadpipe: --modified-before: expected 1577923200000 or later with --modified-after/,
  ],
  'submissions that end before they begin': [
    ['--from', 'submissions', '--start-time', '2020-01-02', '--stop-time', '2020-01-01'],
    /^leadpipe: --stop-time: expected 1577923200000 or later with --start-time/,
  ],
  'all records as what follows': [
    ['--from', 'contacts', '--when-finished', 'next'],
    /^leadpipe: --modified-after: expected a time with --when-finished 'next', received none; /,
  ],
  'forms as what follows': [
    ['--from', 'forms', '--when-finished', 'next'],
    /^leadpipe: --when-finished: expected "stop" or "restart" with --from 'forms', received 'next'; "next" belongs to --from leads, submissions, contacts/,
  ],
  'a bounded end for what follows': [
    ['--from', 'submissions', '--stop-time', '2020-01-01', '--when-finished', 'next'],
    /^leadpipe: --stop-time: expected none with --when-finished 'next'/,
  ],
  '--quarantine that is not used': [
    ['--from', 'contacts', '--quarantine', 'q.ndjson'],
    /^leadpipe: --on-invalid: expected "quarantine" with --quarantine/,
  ],
  '--reconcile of archived records': [
    ['--from', 'contacts', '--reconcile', '--archived', 'both'],
    /^leadpipe: --archived: expected false with --reconcile/,
  ],
}
for (const [what, [args, says]] of Object.entries(wrong)) {
  t.test(`leadpipe export: ${what} is wrong usage, before a request and a file`, async t => {
    const { portal, access } = await startPortal(t, { leads: 1 })
    const dir = t.testdir()
    const checkpoint = ['--checkpoint', join(dir, 'c.json')]
    const { code, stdout, stderr } = await cli([
      'export',
      join(dir, 'a.ndjson'),
      ...access,
      ...checkpoint,
      ...args,
    ])
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, says)
    t.notMatch(stderr, /^ +at /m)
    t.equal(portal.requestCount, 0)
    t.strictSame(readdirSync(dir), [])
  })
}

t.test('leadpipe export: a misspelt property is wrong usage, before a file is touched', async t => {
  const { access } = await startPortal(t)
  const dir = t.testdir()
  for (const checkpoint of [[], ['--checkpoint', join(dir, 'c.json')]]) {
    const args = ['export', join(dir, 'a.ndjson'), ...access, '--from', 'contacts', ...checkpoint]
    t.match(await cli([...args, '--properties', 'emial']), {
      code: 2,
      stderr: /^leadpipe: --properties: expected names of properties .*"emial"; did you mean "email"\?\n$/,
    })
    t.notOk(existsSync(join(dir, 'a.ndjson')))
  }
})

t.test('leadpipe export: paths of --select are those of the records of the source', async t => {
  const { portal, access } = await startPortal(t)
  const cases: [args: string[], says: RegExp | undefined][] = [
    [['--from', 'contacts', '--select', 'id,mail=properties.email,archived'], undefined],
    [['--from', 'contacts', '--select', 'email'], /"email"; the values .*: properties\.email\n$/],
    [['--from', 'contacts', '--select', 'id.length'], /"id\.length"; check its spelling/],
    [['--from', 'contacts', '--properties', 'email', '--select', 'properties.email'], undefined],
    [
      ['--from', 'contacts', '--properties', 'email', '--select', 'properties.emial'],
      /; name it in --properties/,
    ],
    [['--from', 'contacts', '--properties', 'all', '--select', 'properties.city'], undefined],
    [['--from', 'contacts', '--select', 'associations.deals'], /; name the type in --associations/],
    [
      ['--from', 'contacts', '--associations', 'deals', '--select', 'associations.deals.results.0.id'],
      undefined,
    ],
    [
      ['--from', 'contacts', '--associations', 'deals', '--select', 'associations.companies'],
      /--associations/,
    ],
    [['--from', 'forms', '--select', 'id,name,fieldGroups.0.fields.0.name'], undefined],
    [['--from', 'forms', '--select', 'guid'], /"guid"; check its spelling/],
    [['--from', 'submissions', '--select', 'formGuid,first=values.0.value'], undefined],
    [['--from', 'submissions', '--select', 'email'], /"email"; check its spelling/],
    [['--from', 'contacts-as-leads', '--select', 'guid,crmDetails.status'], undefined],
    [['--from', 'contacts-as-leads', '--select', 'conversionEvent.formName'], /only with --explode events/],
    [['--from', 'contacts', '--select', 'email', '--allow-undocumented'], undefined],
  ]
  for (const [args, says] of cases) {
    const { requestCount } = portal
    const { code, stderr } = await cli(['export', '-', ...access, ...args, '--limit', '2', '--quiet'])
    t.equal(code, says === undefined ? 0 : 2, `${args.join(' ')}: ${stderr}`)
    if (says === undefined) continue
    t.match(stderr, says)
    t.equal(portal.requestCount, requestCount)
  }
})

t.test('leadpipe export: a portal without the API of 2011 is told from one that has it', async t => {
  const { access } = await startPortal(t, { leadsApi: false })
  const { code, stderr } = await cli(['export', '-', ...access])
  t.equal(code, 1)
  t.match(
    stderr,
    /^leadpipe: this portal no longer serves the Leads API of 2011: .*; give --from contacts-as-leads\n$/,
  )
  t.match(await cli(['export', '-', ...access, '--from', 'contacts-as-leads', '--limit', '1', '--quiet']), {
    code: 0,
  })
})

t.test('leadpipe export: a version of the API that is not served is named by its flag', async t => {
  const { access } = await startPortal(t, { faults: '*:status=404' })
  const { code, stderr } = await cli(['export', '-', ...access, '--from', 'contacts'])
  t.equal(code, 1)
  t.match(stderr, /; set --api-version to another version, such as "v3"\n$/)
})

t.test('leadpipe export: --api-version decides the paths', async t => {
  const { portal, access } = await startPortal(t)
  const args = ['export', '-', ...access, '--from', 'contacts', '--limit', '1']
  for (const [flags, path] of [
    [[], '/crm/objects/2026-09/contacts?'],
    [['--api-version', '2026-03'], '/crm/objects/2026-03/contacts?'],
    [['--api-version', 'v3'], '/crm/v3/objects/contacts?'],
  ] as const) {
    t.equal((await cli([...args, ...flags])).code, 0)
    t.ok(portal.requests.at(-1)?.url.startsWith(path), path)
  }
})

t.test('leadpipe export: the nightly command for contacts exports those that have changed since', async t => {
  let time = now
  const { portal, access } = await startPortal(t, { leads: 30, now: () => time })
  const said = (await cli(['export', '--help'])).stdout.replace(/[\s\\]+/g, ' ')
  const command = /leadpipe export 'changed-\{date\}\.ndjson' (--from contacts .*? --when-finished next)/
  const [, flags = ''] = command.exec(said) ?? []
  t.equal(command.exec(readFileSync('README.md', 'utf8').replace(/[\s\\]+/g, ' '))?.[1], flags)
  const dir = t.testdir()
  const args = [
    ...['export', join(dir, 'changed-{date}.ndjson'), '--json', ...access],
    ...flags.replace('changed.checkpoint.json', join(dir, 'c.json')).split(' '),
  ]
  const [first] = linesOf(await exported(t, 'contacts', access))
  portal.crm.update('contacts', first.id, { firstname: 'Ada' })
  time += 24 * 3_600_000
  const one = await cli(args)
  t.match(JSON.parse(one.stdout), { read: 1, window: { timePivot: 'lastmodifieddate' } }, one.stderr)
  portal.crm.update('contacts', first.id, { firstname: 'Eve' })
  time += 24 * 3_600_000
  const two = await cli(args)
  t.match(JSON.parse(two.stdout), { read: 1, checkpoint: { starts: 1 } }, two.stderr)
  const names = ['28', '29'].map(day =>
    linesOf(join(dir, `changed-2026-11-${day}.ndjson`)).map(({ id }) => id),
  )
  t.strictSame(names, [[first.id], [first.id]])
})

async function exported(t: Test, source: string, access: string[]): Promise<string> {
  const path = join(t.testdir({}), `${source}.ndjson`)
  const { code, stderr } = await cli(['export', path, '--from', source, ...access])
  t.equal(code, 0, stderr)
  return path
}

t.test(
  'leadpipe export: values that --types can not convert are skipped or quarantined, or fail the run',
  async t => {
    const { access } = await startPortal(t, {
      objects: { '2-5': [{ properties: { size: '5' } }, { properties: { size: 'large' } }] },
      properties: { '2-5': [{ name: 'size', type: 'number' }] },
    })
    const dir = t.testdir()
    const typed = ['export', '-', ...access, '--from', 'objects/2-5', '--properties', 'size', '--types']
    const args = [...typed, '--select', 'size=properties.size']
    const failed = await cli(args)
    t.match(failed, { code: 1, stderr: /its property "size" of type number is a text of 5 characters/ })
    const skipped = await cli([...args, '--on-invalid', 'skip'])
    t.match(skipped, { code: 0, stderr: /^1 invalid record skipped$/m })
    t.strictSame(lines(skipped.stdout), [{ size: 5 }])
    const quarantine = join(dir, 'q.ndjson')
    const kept = await cli([...args, '--on-invalid', 'quarantine', '--quarantine', quarantine])
    t.match(kept, { code: 0, stderr: /^1 invalid record quarantined$/m })
    t.match(linesOf(quarantine), [{ raw: /"large"/ }])
    const many = await cli([...args, '--on-invalid', 'skip', '--max-invalid', '0'])
    t.match(many, { code: 1, stderr: /: 1 of 2 records are invalid, 0 are allowed/ })
  },
)

t.test('leadpipe export: --reconcile says how many records match', async t => {
  const { portal, access } = await startPortal(t)
  const path = join(t.testdir(), 'a.ndjson')
  const { code, stdout } = await cli(['export', path, ...access, '--from', 'contacts', '--reconcile'])
  t.equal(code, 0)
  t.match(stdout, `${portal.leads - portal.deleted} contacts match on the portal now, as many as were read\n`)
})
