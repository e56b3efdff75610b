import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { plainNode } from '../support/plainNode.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const mistakes = join(root, 'test/types/mistakes')
// Inside the project, so that the package is found by its name: what is compiled against is what is published.
const folder = join(root, '.readme-blocks', 'mistakes')

const config = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    moduleDetection: 'force',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['*.ts'],
}

/** A message of the compiler, with the lines that explain it. */
interface Message {
  file: string
  line: number
  words: string
}

/** What the compiler says of the folder. */
async function compile(): Promise<Message[]> {
  const [command, ...node] = plainNode
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['-p', folder, '--pretty', 'false']
  const child = spawn(command, [...node, compiler, ...options], { cwd: folder })
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')])
  const found = said.matchAll(/^(\w+\.ts)\((\d+),\d+\): (error .*\n(?: .*\n)*)/gm)
  return [...found].map(([, file = '', line, words = '']) => ({ file, line: Number(line), words }))
}

rmSync(folder, { recursive: true, force: true })
cpSync(mistakes, folder, { recursive: true })
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
const messages = await compile()

for (const file of readdirSync(mistakes)) {
  t.test(
    `${file}: the compiler names each mistake in words, and says nothing of the other calls`,
    async t => {
      const ofFile = messages.filter(message => message.file === file)
      // Each call is a paragraph; above a wrong one stands what the compiler says of it.
      let line = 1
      for (const paragraph of readFileSync(join(mistakes, file), 'utf8').trim().split('\n\n')) {
        const end = line + paragraph.split('\n').length
        const said = ofFile.filter(message => message.line >= line && message.line < end)
        const [, expected] = paragraph.match(/^\/\/ error: (.*)/) ?? []
        const words = said.map(message => message.words).join('')
        if (expected === undefined) t.equal(words, '', `line ${line}: it compiles`)
        else t.ok(words.includes(expected), `line ${line}: ${expected}`, { found: words })
        line = end + 1
      }
    },
  )
}
