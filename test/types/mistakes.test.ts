import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileFolder } from '../support/compileFolder.ts'
import { root } from '../support/root.ts'

const mistakes = join(root, 'test/types/mistakes')
// Inside the project, so that the package is found by its name: what is compiled against is what is published.
const folder = join(root, '.readme-blocks', 'mistakes')

/** A message of the compiler, with the lines that explain it. */
interface Message {
  file: string
  line: number
  words: string
}

/** The compiler's messages about the folder. */
async function compile(): Promise<Message[]> {
  const { printed } = await compileFolder(folder)
  const found = printed.matchAll(/^(\w+\.ts)\((\d+),\d+\): (error .*\n(?: .*\n)*)/gm)
  return [...found].map(([, file = '', line, words = '']) => ({ file, line: Number(line), words }))
}

rmSync(folder, { recursive: true, force: true })
cpSync(mistakes, folder, { recursive: true })
const messages = await compile()

for (const file of readdirSync(mistakes)) {
  t.test(`${file}: the compiler names each mistake in words, and accepts the other calls`, async t => {
    const ofFile = messages.filter(message => message.file === file)
    // Each call is a paragraph; a wrong one has the compiler's message above it.
    let line = 1
    for (const paragraph of readFileSync(join(mistakes, file), 'utf8').trim().split('\n\n')) {
      const end = line + paragraph.split('\n').length
      const reported = ofFile.filter(message => message.line >= line && message.line < end)
      const [, expected] = paragraph.match(/^\/\/ error: (.*)/) ?? []
      const words = reported.map(message => message.words).join('')
      if (expected === undefined) t.equal(words, '', `line ${line}: it compiles`)
      else t.ok(words.includes(expected), `line ${line}: ${expected}`, { found: words })
      line = end + 1
    }
  })
}
