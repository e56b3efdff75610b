import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { oldNode } from '../../lib/node/oldNode.ts'
import { plainNode } from '../support/plainNode.ts'
import { root } from '../support/root.ts'

const [command, ...node] = plainNode

/** Runs Node with code that is loaded before its other arguments, and that makes it seem to be version 18. */
async function asNode18(...args: string[]) {
  const versions = "{ value: { ...process.versions, node: '18.20.8' } }"
  const disguise = `data:text/javascript,Object.defineProperty(process, 'versions', ${versions})`
  return await promisify(execFile)(command, [...node, '--import', disguise, ...args], { cwd: root }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

const sentence = 'leadpipe needs Node 20.19 or later; this is Node 18.20.8'

t.test('oldNode: it names the Node that is needed, the one in package.json', async t => {
  const { engines } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  t.equal(oldNode('18.20.8'), sentence)
  t.match(oldNode('20.18.3'), `Node ${engines.node.replace('>=', '')} or later`)
  for (const version of ['20.19.0', '20.20.2', '21.0.0', '22.12.0', '100.1.0', '26.0.0-nightly2026'])
    t.equal(oldNode(version), undefined, version)
})

t.test('an old Node is refused in one sentence by the command line, before any command', async t => {
  for (const args of [['--version'], ['export', 'leads.ndjson']])
    t.strictSame(await asNode18('dist/cli/main.js', ...args), {
      code: 1,
      stdout: '',
      stderr: `leadpipe: ${sentence}\n`,
    })
})

for (const name of ['leadpipe', 'leadpipe/portal'])
  t.test(`an old Node is refused by an import of ${name}`, async t => {
    const caught = `import('${name}').then(() => 'loaded', error => console.log(error.message))`
    t.match(await asNode18('--input-type=module', '--eval', caught), { code: 0, stdout: `${sentence}\n` })
  })
