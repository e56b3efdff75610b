import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { plainNode } from '../support/plainNode.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside the project, so that the package resolves by its name to the published types.
const folder = join(root, '.readme-blocks', 'exactOptional')

const config = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    moduleDetection: 'force',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

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
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const [command, ...node] = plainNode
    const compiler = spawn(command, [...node, join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
    const [printed, [code]] = await Promise.all([text(compiler.stdout), once(compiler, 'close')])
    t.equal(printed, '')
    t.equal(code, 0)
  },
)
