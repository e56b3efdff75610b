#!/usr/bin/env node
import { main } from './program.ts'

// Whoever reads our output may go away; what is being written then fails where it is written.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

process.exitCode = await main(process.argv.slice(2), process)
