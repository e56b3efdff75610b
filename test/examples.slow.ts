import { readdirSync } from 'node:fs'
import t from 'tap'
import { root } from './support/root.ts'
import { runProcess } from './support/runProcess.ts'

const examples = readdirSync(`${root}examples`).filter(file => file.endsWith('.ts'))

t.ok(examples.length >= 7, 'the examples are found')
for (const file of examples) {
  t.test(`examples/${file}: it runs without an error`, async t => {
    const { code, stdout, stderr } = await runProcess(`examples/${file}`)
    t.equal(stderr, '')
    t.equal(code, 0)
    t.not(stdout, '', 'it prints something')
  })
}
