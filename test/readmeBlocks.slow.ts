import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { createPortal } from '../lib/portal/index.ts'
import { root } from './support/root.ts'
import { runProcess } from './support/runProcess.ts'

const readme = readFileSync(`${root}README.md`, 'utf8')
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string)

const portal = await createPortal({ leads: 2_000 })
t.teardown(() => portal.close())

/** The only change to a block: it connects to the embedded portal instead of the real one. */
const onEmbeddedPortal = (code: string) =>
  code
    .replaceAll('accessToken: process.env.LEADPIPE_ACCESS_TOKEN', `$&, origin: '${portal.origin}'`)
    .replaceAll('https://api.hubapi.com', portal.origin)

t.ok(blocks.length >= 3, 'the blocks are found')
for (const [index, code] of blocks.entries()) {
  t.test(`README: block ${index + 1} runs as printed`, async t => {
    // Inside the project, so that the package resolves by its name.
    const folder = join(root, '.readme-blocks', String(index))
    // A checkpoint of an earlier run belongs to another portal.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'block.ts'), onEmbeddedPortal(code))
    const { code: exit, stderr } = await runProcess(`.readme-blocks/${index}/block.ts`, [], {
      cwd: folder,
      env: { LEADPIPE_ACCESS_TOKEN: portal.accessToken },
    })
    t.equal(stderr, '')
    t.equal(exit, 0)
  })
}

t.test('README: the loop by hand really loses leads, as the text says', async t => {
  const fileOf = (name: string) => {
    const index = blocks.findIndex(code => code.includes(`'${name}'`))
    return join(root, '.readme-blocks', String(index), name)
  }
  const [own, byHand] = [fileOf('conversions.ndjson.gz'), fileOf('conversions.ndjson')]
  const lines = (text: string) => text.split('\n').filter(line => line !== '').length
  t.ok(lines(readFileSync(byHand, 'utf8')) < lines(gunzipSync(readFileSync(own)).toString()))
})
