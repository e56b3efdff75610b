import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Parser } from 'tap-parser'

/*
 * Counts the tests of the TAP files that it is given: each `t.test` of a test file, at any depth, and not the
 * assertions in it. Names those that failed. The last line is `N passed, N failed`.
 */

const total = { passed: 0, failed: 0 }

/** Counts a test, a test file, the suite or a run when it is complete; `path` leads to it from the name of the run. */
function count(parser, path) {
  const failedBefore = total.failed
  parser.on('child', child => count(child, [...path, child.name]))
  parser.on('complete', ({ ok }) => {
    const isTest = path.length > 3
    if (ok && isTest) total.passed += 1
    // What failed outside of tests, by a crash or a timeout, is one failure.
    if (ok || (!isTest && total.failed > failedBefore)) return
    total.failed += 1
    console.log(`failed: ${path.join(' > ')}`)
  })
}

for (const file of process.argv.slice(2)) {
  const parser = new Parser()
  count(parser, [file])
  await pipeline(createReadStream(file), parser)
}
console.log(`${total.passed} passed, ${total.failed} failed`)
if (total.passed === 0 || total.failed > 0) process.exitCode = 1
