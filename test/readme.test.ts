import { readFileSync } from 'node:fs'
import t from 'tap'
import { exitCodes } from '../lib/cli/Host.ts'
import * as leadpipe from '../lib/index.ts'
import { generateLeads } from '../lib/portal/index.ts'
import { cli } from './support/cliInProcess.ts'
import { root } from './support/root.ts'

const readme = readFileSync(`${root}README.md`, 'utf8')

t.test('README: the table of errors has every code, and no others', async t => {
  const table = readme.slice(readme.indexOf('\n## Errors'), readme.indexOf('\n## Measured'))
  const codes = [...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)
  t.strictSame(codes.toSorted(), leadpipe.errorCodes.toSorted())
})

t.test('README: the table of parts has every operator, source and sink', async t => {
  const table = readme.slice(readme.indexOf('\n## The parts'), readme.indexOf('\n## The report'))
  const functions = Object.entries(leadpipe)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name)
  for (const name of functions) t.match(table, new RegExp(`\`${name}\\(`), name)
})

t.test('README, help and docstrings say that form values repeat personal data, and that is so', async t => {
  const repeated = [...generateLeads({ count: 50 })].filter(({ email, leadConversionEvents = [] }) =>
    leadConversionEvents.some(({ formSubmissionValues = [] }) =>
      formSubmissionValues.some(({ fieldValue }) => email !== undefined && fieldValue === email),
    ),
  )
  t.ok(repeated.length > 10)
  t.match(readme, '**Personal data.** Form values repeat what a person typed')
  const help = (await cli(['export', '--help'])).stdout.replace(/\s+/g, ' ')
  t.match(help, '(form values repeat email addresses and names)')
  const explode = readFileSync(`${root}lib/operators/explode.ts`, 'utf8')
  t.match(explode, 'Form values repeat personal data')
  t.match(readFileSync(`${root}lib/operators/project.ts`, 'utf8'), 'is repeated in the form\n * values')
})

t.test('README: every npm script that it names exists', async t => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  for (const [, name] of readme.matchAll(/npm (?:run )?(demo|test(?::\w+)?|bench)\b/g))
    t.ok(name && name in scripts, `npm run ${name}`)
})

t.test('README and leadpipe --help: the tables of exit codes have every code, and no others', async t => {
  const codes = Object.values(exitCodes).toSorted((a, b) => a - b)
  const [, table = ''] = readme.split('| exit code | when |\n|---|---|\n')
  const rows = table.split('\n\n', 1)[0]?.matchAll(/^\| ([\d, ]+) \|/gm) ?? []
  t.strictSame(
    [...rows].flatMap(([, cell = '']) => cell.split(', ').map(Number)),
    codes,
  )
  const [, help = ''] = (await cli(['--help'])).stdout.split('Exit codes:\n')
  t.strictSame(
    [...help.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code)),
    codes,
  )
})

t.test('the table of channels has every channel with its message, whose type is exported', async t => {
  const channels = readFileSync(`${root}lib/observe/channels.ts`, 'utf8')
  const index = readFileSync(`${root}lib/index.ts`, 'utf8')
  const rows = new Map(
    [...readme.matchAll(/^\| `(leadpipe:\w+)` \|.*\| `(\w+)`: (.*) \|$/gm)].map(
      ([, channel, type, fields]) => [
        channel,
        { type, fields: [...(fields as string).matchAll(/`(\w+)`/g)].map(([, field]) => field) },
      ],
    ),
  )
  t.strictSame(
    [...rows.keys()].toSorted(),
    [...channels.matchAll(/ channel\('([\w:]+)'\)/g)].map(([, channel]) => channel).toSorted(),
  )
  for (const { type, fields } of rows.values()) {
    const [, body = ''] = channels.match(new RegExp(`^export interface ${type} {\\n(.*?)^}`, 'ms')) ?? []
    t.strictSame(
      [...body.matchAll(/^ {2}(\w+):/gm)].map(([, field]) => field),
      fields,
      `${type}`,
    )
    t.match(index, new RegExp(`\\b${type},`))
  }
})

t.test('CHANGELOG: whatever holds what users of other exporters ran into exists', async t => {
  const changelog = readFileSync(`${root}CHANGELOG.md`, 'utf8')
  const [, section = ''] = changelog.match(/^## What users of other exporters ran into\n(.*?)^## /ms) ?? []
  const places = [...section.matchAll(/^\|(?! complaint|---).*\| (.*) \|$/gm)].map(
    ([, place]) => place as string,
  )
  t.equal(places.length, 37)
  for (const place of places) {
    for (const one of place.split('; ')) {
      const [, path = '', titles = ''] = one.match(/^([\w/.]+\.ts)((?:,? "[^"]+")*)$/) ?? []
      t.ok(path, one)
      const text = readFileSync(`${root}${path}`, 'utf8')
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g))
        t.ok(text.includes(title), `${path} "${title}"`)
    }
  }
})
