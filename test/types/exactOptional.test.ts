import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileFolder } from '../support/compileFolder.ts'
import { root } from '../support/root.ts'

// Inside the project, so that the package resolves by its name to the published types.
const folder = join(root, '.readme-blocks', 'exactOptional')

t.test(
  "types: with exactOptionalPropertyTypes, README's blocks compile, and every option may be undefined",
  async t => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string)
    t.ok(blocks.length >= 3, 'the blocks are found')
    for (const [index, code] of blocks.entries()) writeFileSync(join(folder, `block${index + 1}.ts`), code)
    copyFileSync(join(root, 'test/types/fixtures/everyOption.ts'), join(folder, 'everyOption.ts'))
    const { printed, code } = await compileFolder(folder, { exactOptionalPropertyTypes: true })
    t.equal(printed, '')
    t.equal(code, 0)
  },
)
