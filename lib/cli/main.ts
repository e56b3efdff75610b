#!/usr/bin/env node
import { oldNode } from '../node/oldNode.ts'

// The reader of our output may go away; a write then fails in the code that writes.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const problem = oldNode(process.versions.node)
if (problem === undefined) {
  const { main } = await import('./program.ts')
  process.exitCode = await main(process.argv.slice(2), process)
} else {
  process.stderr.write(`leadpipe: ${problem}\n`)
  process.exitCode = 1
}
