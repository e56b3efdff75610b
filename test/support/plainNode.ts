/**
 * A command that starts Node as users do. The runner adds loaders of its own to whatever its tests start, by
 * NODE_OPTIONS, which costs time and memory.
 */
export const plainNode: readonly [string, ...string[]] = ['env', '-u', 'NODE_OPTIONS', process.execPath]
