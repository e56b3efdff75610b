import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import t from 'tap'
import { plainNode } from './support/plainNode.ts'
import { root } from './support/root.ts'

const exec = promisify(execFile)

/** The package as npm would publish it. What it packs of `dist/` was built before the tests. */
const folder = t.testdir()
const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
const [packed] = JSON.parse((await exec('npm', packing, { cwd: root })).stdout)
const tarball = new Uint8Array(readFileSync(join(folder, packed.filename)))

t.test('publint finds nothing', async t => {
  const { messages, pkg = {} } = await publint({ pack: { tarball: tarball.buffer }, strict: true })
  t.equal(pkg.name, 'leadpipe', 'the tarball is read')
  t.strictSame(
    messages.map(message => formatMessage(message, pkg)),
    [],
  )
})

t.test(
  'the types are found where the code is, by every kind of resolution that reads ES modules',
  async t => {
    const analysis = await checkPackage(createPackageFromTarballData(tarball))
    if (!analysis.types) throw new Error('the package has no types')
    t.strictSame(Object.keys(analysis.entrypoints), ['.', './portal', './package.json'])
    // The package has no CommonJS, and no Node that it supports ignores `exports`.
    const unsupported = ['node10', 'node16-cjs']
    const problems = analysis.problems.filter(
      problem => !('resolutionKind' in problem && unsupported.includes(problem.resolutionKind)),
    )
    t.strictSame(problems, [])
  },
)

t.test(
  'every file that a README of the package links to, or that --help names, is in the package',
  async t => {
    const files: string[] = packed.files.map((file: { path: string }) => file.path)
    const has = (path: string) => files.some(file => file === path || file.startsWith(`${path}/`))
    for (const file of files.filter(path => path.endsWith('.md'))) {
      const text = readFileSync(join(root, file), 'utf8')
      for (const [, link = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
        t.ok(has(posix.join(posix.dirname(file), link)), `${file}: ${link}`)
    }
    const [command, ...node] = plainNode
    const arguments_ = [...node, join(root, 'dist/cli/main.js'), 'portal', '--help']
    const { stdout } = await exec(command, arguments_)
    const [, named = ''] = stdout.replace(/\s+/g, ' ').match(/All of them are in (\S+)\.(?: |$)/) ?? []
    t.ok(has(relative(root, named)), named)
    for (const file of files.filter(path => path.endsWith('.js')))
      t.notMatch(readFileSync(join(root, file), 'utf8'), /^\/\/# sourceMappingURL=/m, file)
  },
)

t.test('npm has no script to ask about when the package is installed', async t => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) t.notOk(name in scripts, name)
})

t.test('knip finds no file, export or dependency that nothing uses', async t => {
  const [command, ...node] = plainNode
  const arguments_ = [...node, join(root, 'node_modules/knip/bin/knip.js'), '--no-progress']
  const { stdout } = await exec(command, arguments_, { cwd: root }).catch(error => error)
  t.equal(stdout, '')
})
