import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, posix, relative, sep } from 'node:path'
import t from 'tap'
import { root } from './support/root.ts'

const lib = `${root}lib`

/** Files that the table calls the lead's type and schema. */
const leadFiles = ['lead/Lead.ts', 'lead/leadParts.ts']

/** What a part may import: other parts, and single files of parts that are closed to it otherwise. */
interface Allowance {
  parts: readonly string[]
  files: readonly string[]
}

/** The names in a cell of the table, without remarks in parentheses or after a colon. */
const namesIn = (cell: string): string[] =>
  cell
    .replace(/\(.*?\)|:.*/g, '')
    .split(',')
    .map(name => name.trim())

/**
 * Parses the table `| part | may import |` of a Markdown text.
 *
 * @throws {Error} for a word that is neither a part nor one of the three phrases, and for a part with two rows
 */
function importTable(markdown: string): Map<string, Allowance> {
  const [, body = ''] = markdown.split(/^\| part \| may import \|\n\|[-|]+\|\n/m)
  const rows = body
    .split('\n\n', 1)[0]
    ?.trim()
    .split('\n')
    .map(row => row.split('|').slice(1, 3))
    .map(([parts = '', may = '']) => ({ parts: namesIn(parts), may: namesIn(may) }))
  const table = new Map<string, Allowance>()
  const known = new Set(rows?.flatMap(({ parts }) => parts))
  for (const { parts, may } of rows ?? []) {
    for (const part of parts) {
      if (table.has(part)) throw new Error(`the table has two rows for ${part}`)
      const above = [...table.keys()]
      const allowances = may.map((name): Partial<Allowance> => {
        if (name === 'nothing of ours') return {}
        if (name === 'all of the above') return { parts: above }
        if (name === "the lead's type and schema") return { files: leadFiles }
        if (known.has(name)) return { parts: [name] }
        throw new Error(`the table says that ${part} may import "${name}", which is not a part`)
      })
      table.set(part, {
        parts: allowances.flatMap(({ parts = [] }) => parts),
        files: allowances.flatMap(({ files = [] }) => files),
      })
    }
  }
  return table
}

/** The table of lib/README.md. */
const table = importTable(readFileSync(join(lib, 'README.md'), 'utf8'))

/** Each third-party package has one home. */
const homes: Readonly<Record<string, readonly string[]>> = {
  undici: ['http'],
  'p-queue': ['http', 'sinks/http'],
  'stream-json': ['decode'],
  'stream-chain': ['decode'],
  ajv: ['options', 'operators/validate.ts'],
  typebox: ['lead'],
  libsql: ['portal', 'sources/spool'],
  'pure-rand': ['portal'],
  commander: ['cli'],
}

/** Parts that must not touch these modules of Node: a step has no I/O. */
const io = ['fs', 'fs/promises', 'http', 'https', 'net', 'child_process', 'worker_threads']
const forbiddenBuiltins: Readonly<Record<string, readonly string[]>> = {
  stage: [...io, 'stream'],
  async: [...io, 'stream'],
  engine: io,
  formats: [...io, 'stream'],
  operators: io,
  lead: [...io, 'stream'],
  crm: [...io, 'stream'],
  options: [...io, 'stream'],
  decode: [...io, 'timers', 'timers/promises'],
  paging: [...io, 'stream', 'timers', 'timers/promises'],
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
    const allowed = table.get(part)
    if (targetPart === part || allowed?.parts.includes(targetPart) || allowed?.files.includes(target)) {
      return undefined
    }
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

t.test('architecture: every import of lib/ keeps to the table of lib/README.md', async t => {
  t.ok(files.length > 50, 'lib/ has more than 50 files')
  t.same(files.flatMap(importsOf).map(broken).filter(Boolean), [])
})

t.test('architecture: every part of lib/ has a row in the table, and every row has a part', async t => {
  t.strictSame([...table.keys()].toSorted(), [...new Set(files.map(partOf))].toSorted())
})

t.test(
  'architecture: the table has no circle: no part may import one that may import it, also through others',
  async t => {
    const reached = (from: string, seen = new Set<string>()): Set<string> => {
      for (const part of table.get(from)?.parts ?? []) {
        if (seen.has(part)) continue
        seen.add(part)
        reached(part, seen)
      }
      return seen
    }
    const circular = [...table.keys()].filter(part => reached(part).has(part))
    t.strictSame(circular, [])
  },
)

/** The shortest path of imports, types included, from a file back to itself. */
function circleOf(
  start: string,
  importsByFile: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const paths = [[start]]
  const seen = new Set<string>()
  for (const path of paths) {
    for (const file of importsByFile.get(path.at(-1) as string) ?? []) {
      if (file === start) return [...path, start]
      if (seen.has(file)) continue
      seen.add(file)
      paths.push([...path, file])
    }
  }
  return undefined
}

t.test('architecture: no file of lib/ imports itself through others, types included', async t => {
  const own = (file: string) =>
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => posix.join(posix.dirname(file), specifier))
  const graph = new Map(files.map(file => [file, own(file)]))
  const circles = files.map(file => circleOf(file, graph)?.join(' → ')).filter(Boolean)
  t.strictSame(circles, [])
  t.ok(graph.get('http/Requester.ts')?.includes('http/exchange.ts'), 'an import of types alone is found')
  t.strictSame(
    circleOf(
      'a',
      new Map([
        ['a', ['b', 'c']],
        ['b', ['c']],
        ['c', ['d']],
        ['d', ['a']],
      ]),
    ),
    ['a', 'c', 'd', 'a'],
  )
})

t.test('architecture: only http/Clock.ts reads the clock of the system, which may be set back', async t => {
  const readers = files.filter(
    file => !file.startsWith('portal/') && /\bDate\.now\b/.test(readFileSync(join(lib, file), 'utf8')),
  )
  t.same(readers, ['http/Clock.ts'])
})

t.test('architecture: lib/ without portal/ keeps to the limits of lines and files', async t => {
  const [mostLines, mostFiles] = [250, 300]
  const counted = files
    .filter(file => partOf(file) !== 'portal')
    .map(file => ({ file, lines: readFileSync(join(lib, file), 'utf8').trimEnd().split('\n').length }))
  const tooLong = counted.filter(({ lines }) => lines > mostLines)
  t.strictSame(
    tooLong.map(({ file, lines }) => `${file} has ${lines} lines, ${mostLines} are allowed`),
    [],
  )
  t.ok(counted.length <= mostFiles, `${counted.length} files, ${mostFiles} are allowed`)
})

t.test('architecture test: the table is parsed, and an unknown word is an error', async t => {
  const read = (...rows: string[]) =>
    importTable(`before\n\n| part | may import |\n|---|---|\n${rows.join('\n')}\n\n| a | b |\n`)
  const rows = [
    '| a, b | nothing of ours |',
    '| c | a, b (no I/O) |',
    '| d, e | all of the above |',
    "| f | the lead's type and schema: it is the witness |",
  ]
  t.strictSame(Object.fromEntries(read(...rows)), {
    a: { parts: [], files: [] },
    b: { parts: [], files: [] },
    c: { parts: ['a', 'b'], files: [] },
    d: { parts: ['a', 'b', 'c'], files: [] },
    e: { parts: ['a', 'b', 'c', 'd'], files: [] },
    f: { parts: [], files: leadFiles },
  })
  t.throws(() => read('| a | the rest |'), {
    message: 'the table says that a may import "the rest", which is not a part',
  })
  t.throws(() => read('| a | nothing of ours |', '| a, b | nothing of ours |'), {
    message: 'the table has two rows for a',
  })
})

t.test('architecture: every package with a home is used there, and is a dependency', async t => {
  const manifest = JSON.parse(readFileSync(join(lib, '../package.json'), 'utf8'))
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
  t.same(Object.keys(declared).toSorted(), Object.keys(homes).toSorted())
  const used = new Set(files.flatMap(importsOf).map(({ specifier }) => specifier.split('/')[0]))
  for (const name of Object.keys(homes)) t.ok(used.has(name), name)
})

t.test('architecture test: imports that break the table are found', async t => {
  const cases: Import[] = [
    { file: 'operators/filter.ts', specifier: '../hubspot/HubSpotClient.ts' },
    { file: 'portal/createPortal.ts', specifier: '../errors.ts' },
    { file: 'portal/createPortal.ts', specifier: '../lead/LeadsQuery.ts' },
    { file: 'cli/main.ts', specifier: '../sources/leads.ts' },
    { file: 'engine/Chain.ts', specifier: '../streams/Operator.ts' },
    { file: 'stage/Stage.ts', specifier: '../lead/Lead.ts' },
    { file: 'streams/Operator.ts', specifier: '../operators/filter.ts' },
    { file: 'run/run.ts', specifier: '../cli/main.ts' },
    { file: 'sinks/toFile.ts', specifier: 'undici' },
    { file: 'operators/filter.ts', specifier: 'node:fs' },
    { file: 'sources/leads.ts', specifier: 'fs' },
    { file: 'sources/leads.ts', specifier: 'left-pad' },
  ]
  for (const one of cases) t.type(broken(one), 'string', `${one.file} → ${one.specifier}`)
})
