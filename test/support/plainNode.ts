/**
 * A command that starts Node as users do: without NODE_OPTIONS, in which the test runner sets loaders that cost time
 * and memory.
 */
export const plainNode: readonly [string, ...string[]] = ['env', '-u', 'NODE_OPTIONS', process.execPath]
