import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import t from 'tap'
import { plainNode } from './support/plainNode.ts'

const exec = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

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

t.test('knip finds no file, export or dependency that nothing uses', async t => {
  const [command, ...node] = plainNode
  const arguments_ = [...node, join(root, 'node_modules/knip/bin/knip.js'), '--no-progress']
  const { stdout } = await exec(command, arguments_, { cwd: root }).catch(error => error)
  t.equal(stdout, '')
})
