import { oldNode } from './oldNode.ts'

/*
 * Imported before everything else: an old Node is refused by name, before code that it lacks something for runs.
 */

const problem = oldNode(process.versions.node)
if (problem !== undefined) throw new Error(problem)
