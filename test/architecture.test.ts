import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const lib = fileURLToPath(new URL('../lib', import.meta.url))

/** Who may import what: the table of lib/README.md, which this test holds. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  streams: [],
  model: ['errors'],
  observe: ['model', 'errors'],
  checkpoint: ['model', 'errors'],
  operators: ['streams', 'model', 'errors', 'observe'],
  client: ['model', 'errors', 'observe'],
  source: ['client', 'model', 'checkpoint', 'observe', 'errors'],
  sinks: ['client', 'operators', 'checkpoint', 'model', 'observe', 'errors'],
  run: ['source', 'operators', 'sinks', 'checkpoint', 'client', 'streams', 'model', 'observe', 'errors'],
  index: ['run', 'source', 'operators', 'sinks', 'checkpoint', 'client', 'model', 'observe', 'errors'],
  portal: [],
  cli: ['index', 'portal'],
}

/** Single files that a part may import from another part, although the rest of it is closed. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  portal: [
    'model/Lead.ts',
    'model/ConversionEvent.ts',
    'model/FormSubmissionValue.ts',
    'model/AnalyticsDetails.ts',
    'model/CrmDetails.ts',
  ],
}

/** Each third-party package has one home. */
const homes: Readonly<Record<string, readonly string[]>> = {
  undici: ['client'],
  'p-queue': ['client'],
  'stream-json': ['source/decode'],
  'stream-chain': ['source/decode'],
  ajv: ['model', 'operators/validate.ts'],
  typebox: ['model'],
  libsql: ['portal'],
  'pure-rand': ['portal'],
  commander: ['cli'],
}

/** Parts that must not touch these modules of Node: a step has no I/O. */
const forbiddenBuiltins: Readonly<Record<string, readonly string[]>> = {
  operators: ['fs', 'fs/promises', 'http', 'https', 'net', 'child_process', 'worker_threads'],
  model: ['fs', 'fs/promises', 'http', 'https', 'net', 'stream', 'child_process', 'worker_threads'],
  'source/pagers': ['fs', 'fs/promises', 'http', 'https', 'net', 'stream', 'timers', 'timers/promises'],
}

interface Import {
  file: string
  specifier: string
}

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => file.split(sep).join('/'))

function importsOf(file: string): Import[] {
  const text = readFileSync(join(lib, file), 'utf8')
  const specifiers = [
    ...text.matchAll(/^\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'/gm),
    ...text.matchAll(/^\s*import\s+'([^']+)'/gm),
    ...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g),
  ]
  return specifiers.map(([, specifier]) => ({ file, specifier: specifier as string }))
}

const partOf = (file: string) =>
  file.includes('/') ? (file.split('/')[0] as string) : file.replace(/\.ts$/, '')

/** The rule that an import breaks, in words. */
function broken({ file, specifier }: Import): string | undefined {
  const part = partOf(file)
  if (specifier.startsWith('.')) {
    const target = relative(lib, join(lib, dirname(file), specifier))
      .split(sep)
      .join('/')
    const targetPart = partOf(target)
    if (targetPart === part || allowed[part]?.includes(targetPart) || exceptions[part]?.includes(target))
      return undefined
    return `${file} imports ${target}: ${part} may not import ${targetPart}`
  }
  const builtin = specifier.replace(/^node:/, '')
  if (builtinModules.includes(builtin)) {
    if (!specifier.startsWith('node:')) return `${file} imports ${specifier} without node:`
    const closed = Object.entries(forbiddenBuiltins).find(
      ([folder, names]) => file.startsWith(`${folder}/`) && names.includes(builtin),
    )
    return closed && `${file} imports ${specifier}: ${closed[0]} has no I/O`
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const home = homes[name]
  if (home === undefined) return `${file} imports ${specifier}: the package ${name} has no home in the table`
  if (home.some(place => file === place || file.startsWith(`${place}/`))) return undefined
  return `${file} imports ${specifier}: its home is ${home.join(' and ')}`
}

t.test('every import of lib/ keeps to the table', async t => {
  t.ok(files.length > 50, 'the files of lib/ are found')
  t.same(files.flatMap(importsOf).map(broken).filter(Boolean), [])
})

t.test('every part of lib/ stands in the table', async t => {
  t.same(
    [...new Set(files.map(partOf))].filter(part => !(part in allowed)),
    [],
  )
})

t.test('every package of the table is used by its home, and is a dependency', async t => {
  const manifest = JSON.parse(readFileSync(join(lib, '../package.json'), 'utf8'))
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
  t.same(Object.keys(declared).toSorted(), Object.keys(homes).toSorted())
  const used = new Set(files.flatMap(importsOf).map(({ specifier }) => specifier.split('/')[0]))
  for (const name of Object.keys(homes)) t.ok(used.has(name), name)
})

t.test('the test has teeth: imports that break the table are named', async t => {
  const cases: Import[] = [
    { file: 'operators/filter.ts', specifier: '../client/LeadsClient.ts' },
    { file: 'portal/createPortal.ts', specifier: '../errors.ts' },
    { file: 'portal/createPortal.ts', specifier: '../model/LeadsQuery.ts' },
    { file: 'cli/main.ts', specifier: '../source/leads.ts' },
    { file: 'sinks/toFile.ts', specifier: 'undici' },
    { file: 'operators/filter.ts', specifier: 'node:fs' },
    { file: 'source/leads.ts', specifier: 'fs' },
    { file: 'source/leads.ts', specifier: 'left-pad' },
  ]
  for (const one of cases) t.type(broken(one), 'string', `${one.file} → ${one.specifier}`)
})
