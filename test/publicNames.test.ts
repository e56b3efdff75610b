import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import * as leadpipe from '../lib/index.ts'
import * as portal from '../lib/portal/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

t.test('leadpipe exports what it promises, and nothing else', async t => {
  t.strictSame(Object.keys(leadpipe).toSorted(), [
    'HubSpotClient',
    'LeadpipeError',
    'RunError',
    'compose',
    'done',
    'encode',
    'errorCodes',
    'explode',
    'explodeEvents',
    'explodeFormValues',
    'filter',
    'leadSchema',
    'leads',
    'map',
    'operator',
    'peek',
    'project',
    'quarantined',
    'run',
    'systemClock',
    'take',
    'timePivots',
    'toArray',
    'toFile',
    'toHttp',
    'transform',
    'validate',
  ])
})

t.test('leadpipe/portal exports what it promises, and nothing else', async t => {
  t.strictSame(Object.keys(portal).toSorted(), [
    'PortalError',
    'createPortal',
    'generateLeads',
    'parseFaults',
    'portalErrorCodes',
  ])
})

t.test('the built package can be imported by its names, in plain Node', async t => {
  const code = `
    const names = [Object.keys(await import('leadpipe')), Object.keys(await import('leadpipe/portal'))]
    console.log(JSON.stringify(names))`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: root })
  const [main, ofPortal] = JSON.parse(output.toString())
  t.strictSame(main.toSorted(), Object.keys(leadpipe).toSorted())
  t.strictSame(ofPortal.toSorted(), Object.keys(portal).toSorted())
})

t.test('the package holds what users need, and no more', async t => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString(),
  )
  const paths: string[] = packed.files.map(({ path }: { path: string }) => path)
  const outside = paths.filter(path => !path.startsWith('dist/'))
  t.strictSame(outside.toSorted(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
  for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/portal/index.js', 'dist/cli/main.js']) {
    t.ok(paths.includes(path), path)
  }
})

t.test('every dependency is free of install scripts', async t => {
  const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'))
  const scripted = Object.entries<{ hasInstallScript?: true; dev?: true }>(packages)
    .filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev)
    .map(([path]) => path)
  t.strictSame(scripted, [])
})

t.test('package.json names the files that do something when they are imported, for bundlers', async t => {
  const { sideEffects } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const built = readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' }).map(file =>
    file.split(sep).join('/'),
  )
  const modules = built.filter(file => file.endsWith('.js'))
  // A call that is a statement of its own, on something that the module did not make.
  const does = modules.filter(file => {
    const text = readFileSync(`${root}dist/${file}`, 'utf8')
    return [...text.matchAll(/^(?:await )?(\w+)[\w.]*\(/gm)].some(
      ([, name]) => !text.includes(`const ${name} =`),
    )
  })
  t.strictSame(does.map(file => `./dist/${file}`).toSorted(), sideEffects.toSorted())
  t.strictSame(
    built.filter(file => file.endsWith('.map')),
    [],
    'nor are there maps to sources that are not packed',
  )
})
