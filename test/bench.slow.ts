import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Results } from '../bench/outcome.ts'
import { plainNode } from './support/plainNode.ts'
import { root } from './support/root.ts'

const exec = promisify(execFile)
const [command, ...node] = plainNode

await exec(command, [...node, 'node_modules/typescript/bin/tsc', '-p', 'bench'], { cwd: root })

/** Runs the benchmarks once with few leads: for whether they work, not for the numbers. */
async function bench(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, LEADS: '300', ROUNDS: '1' }
  const options = { cwd: root, env }
  return await exec(command, [...node, '.bench/run.js', ...args], options).then(
    output => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

t.test(
  'bench: a whole run measures every target, and all cases of an export write the same bytes',
  async t => {
    const { code, stdout, stderr } = await bench()
    t.equal(code, 0, stderr)
    t.equal(stderr, '')
    t.equal(stdout.match(/ (met|missed)$/gm)?.length, 11)
  },
)

t.test(
  'bench: --json writes what was measured, --against adds a package, --compare reads the file',
  async t => {
    const file = join(t.testdir(), 'before.json')
    t.match(await bench('checkpoint', '--json', file, '--against', root), { code: 0, stderr: '' })
    const { outcomes } = JSON.parse(readFileSync(file, 'utf8')) as Results
    t.strictSame(
      outcomes.map(({ benchmark, rows }) => [benchmark, ...rows.map(({ name }) => name)]),
      [
        [
          'checkpoint',
          'leadpipe',
          'leadpipe (--against)',
          'leadpipe, with a checkpoint',
          'leadpipe, with a checkpoint (--against)',
        ],
      ],
    )
    const { stdout } = await bench('checkpoint', '--compare', file)
    const ratio = outcomes[0]?.rows.find(({ name }) => name === 'leadpipe, with a checkpoint')?.ratio
    t.match(stdout, new RegExp(`^checkpoint: leadpipe, with a checkpoint +${ratio?.toFixed(2)} `, 'm'))
  },
)

t.test('bench: an unknown name and a folder without a package are refused', async t => {
  t.match(await bench('exprot'), { code: 2, stderr: /^unknown benchmark exprot; there are: leads, / })
  t.match(await bench('leads', '--against', t.testdir()), {
    code: 2,
    stderr: /^there is no .*index\.js: build/,
  })
})

t.test('bench: README shows the tight loop as it is measured', async t => {
  const loop = readFileSync(join(root, 'bench/cases/tightLoop.ts'), 'utf8')
  t.ok(readFileSync(join(root, 'bench/README.md'), 'utf8').includes(`\`\`\`ts\n${loop}\`\`\``))
})
