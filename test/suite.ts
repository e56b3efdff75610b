import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { plainNode } from './support/plainNode.ts'

/*
 * Runs the compiled test files of one kind, each in a process of its own: test (the fast ones), slow or soak. `tap run`
 * starts this file only. If it started each test file, it would load hooks that record which modules are imported. They
 * take as long as a third of the tests.
 */

const [kind = 'test'] = process.argv.slice(2)
const [command, ...node] = plainNode
const folder = import.meta.dirname
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file =>
  file.endsWith(`.${kind}.js`),
)

// One more than there are cores, since tests also wait for disks and timers.
t.jobs = availableParallelism() + 1
// Seconds. A file may extend it with t.setTimeout(), which it also tells this process.
const env = { ...process.env, TAP_TIMEOUT: '300' }
t.not(files.length, 0, `there are files *.${kind}.js`)
for (const file of files.toSorted()) {
  const args = [...node, '--enable-source-maps', join(folder, file)]
  t.spawn(command, args, { env, buffered: true }, `test/${file.replace(/\.js$/, '.ts')}`)
}
