import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import t from 'tap'
import * as leadpipe from '../lib/index.ts'
import * as portal from '../lib/portal/index.ts'
import { root } from './support/root.ts'

t.test('leadpipe: the list of exports', async t => {
  t.strictSame(Object.keys(leadpipe).toSorted(), [
    'HubSpotClient',
    'LeadpipeError',
    'RunError',
    'batch',
    'branch',
    'coerce',
    'compose',
    'contacts',
    'contactsAsLeads',
    'crmObjects',
    'dedupe',
    'done',
    'encode',
    'errorCodes',
    'explode',
    'explodeEvents',
    'explodeFormValues',
    'filter',
    'flatMap',
    'flatten',
    'formSubmissions',
    'forms',
    'leadSchema',
    'leads',
    'map',
    'mask',
    'omit',
    'operator',
    'peek',
    'personalFields',
    'pivotFormValues',
    'project',
    'quarantined',
    'rename',
    'run',
    'sample',
    'sink',
    'skip',
    'source',
    'summarize',
    'take',
    'tee',
    'timePivots',
    'toArray',
    'toFile',
    'toHttp',
    'transform',
    'unknownFields',
    'validate',
  ])
})

t.test('leadpipe/portal: the list of exports', async t => {
  t.strictSame(Object.keys(portal).toSorted(), [
    'PortalError',
    'createPortal',
    'generateLeads',
    'parseFaults',
    'portalErrorCodes',
  ])
})

/** The members that users see of each public class, besides those of Node's streams and of Error. */
const members: Readonly<Record<string, readonly string[]>> = {
  'hubspot/HubSpotClient': ['origin', 'get', 'post', 'close'],
  'sources/crm/forms': ['counts', 'position'],
  'sources/crm/formSubmissions': ['counts', 'forms', 'position'],
  'sources/leads': ['query', 'counts', 'missing', 'position', 'window'],
  'sources/quarantined': ['path'],
  'sources/source': ['name'],
  'streams/SourceReadable': [],
  'streams/Operator': ['counts', 'write', 'end'],
  'streams/SinkWritable': ['counts', 'destination'],
  'sinks/file/FileSink': ['path'],
  'sinks/http/HttpSink': ['url', 'runId', 'destination', 'counts'],
  'sinks/sink': ['name'],
  'sinks/toArray': ['records'],
  'errors LeadpipeErrorOf': ['code', 'problem', 'retryable', 'context'],
}

t.test(
  'public classes have the members that users need; what `run` and the sources need has a symbol',
  async t => {
    for (const [file, expected] of Object.entries(members)) {
      const [path, type] = file.split(' ')
      const text = readFileSync(`${root}dist/${path}.d.ts`, 'utf8')
      const declared = new RegExp(
        `^export ${type === undefined ? 'declare (?:abstract )?class \\w+' : `interface ${type}\\b`}.*? \\{\\n(.*?)^\\}`,
        'ms',
      )
      const [, body] = text.match(declared) ?? []
      const lines = body?.match(/^ {4}[#\w[].*/gm) ?? []
      const names = lines.map(line => line.match(/^ {4}(?:(?:readonly|get|protected) )*(#?\w+|\[.*?\])/)?.[1])
      const shown = names.filter(name => !/^(#private|constructor|_.*|\[.*)$/.test(name as string))
      t.strictSame(shown, expected, file)
    }
    for (const file of ['hubspot/HubSpotClient', 'sinks/toHttp', 'index']) {
      t.notMatch(readFileSync(`${root}dist/${file}.d.ts`, 'utf8'), /Clock/, `${file} has nothing for tests`)
    }
  },
)

t.test('package: the build can be imported by its names in plain Node', async t => {
  const code = `
    const names = [Object.keys(await import('leadpipe')), Object.keys(await import('leadpipe/portal'))]
    console.log(JSON.stringify(names))`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: root })
  const [main, ofPortal] = JSON.parse(output.toString())
  t.strictSame(main.toSorted(), Object.keys(leadpipe).toSorted())
  t.strictSame(ofPortal.toSorted(), Object.keys(portal).toSorted())
})

t.test('package: it has the built files, documents and examples, and no others', async t => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString(),
  )
  const paths: string[] = packed.files.map(({ path }: { path: string }) => path)
  const outside = paths.filter(path => !path.startsWith('dist/'))
  const examples = readdirSync(`${root}examples`).map(name => `examples/${name}`)
  t.strictSame(outside.toSorted(), [
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bench/README.md', ...examples.toSorted()],
    ...['lib/README.md', 'lib/portal/README.md', 'package.json'],
  ])
  for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/portal/index.js', 'dist/cli/main.js']) {
    t.ok(paths.includes(path), path)
  }
})

t.test('package: no dependency has an install script', async t => {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'))
  const scripted = Object.entries<{ hasInstallScript?: true; dev?: true }>(packages)
    .filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)
    .map(([path]) => path)
  t.strictSame(scripted, [])
})

t.test('package: sideEffects of package.json names the files with side effects', async t => {
  const { sideEffects } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const built = readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' }).map(file =>
    file.split(sep).join('/'),
  )
  const modules = built.filter(file => file.endsWith('.js'))
  // A call as a statement, on something that the module did not declare.
  const withSideEffects = modules.filter(file => {
    const text = readFileSync(`${root}dist/${file}`, 'utf8')
    return [...text.matchAll(/^(?:await )?(\w+)[\w.]*\(/gm)].some(
      ([, name]) => !text.includes(`const ${name} =`),
    )
  })
  t.strictSame(withSideEffects.map(file => `./dist/${file}`).toSorted(), sideEffects.toSorted())
  t.strictSame(
    built.filter(file => file.endsWith('.map')),
    [],
    'there are no source maps, as the sources are not packed',
  )
})
