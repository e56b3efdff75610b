#!/usr/bin/env node
import { main } from './program.ts'

// The reader of our output may go away; a write then fails in the code that writes.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

process.exitCode = await main(process.argv.slice(2), process)
