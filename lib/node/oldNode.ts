/** The oldest Node that leadpipe runs on, as in package.json. */
const oldest = [20, 19] as const

/**
 * Says in one sentence that a Node is too old, and which one is needed; undefined if it is new enough.
 *
 * @param version as in `process.versions.node`
 */
export function oldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
  return isOld ? `leadpipe needs Node ${oldest.join('.')} or later; this is Node ${version}` : undefined
}

/** @throws {Error} the sentence of {@link oldNode} */
export function refuseOldNode(version: string): void {
  const problem = oldNode(version)
  if (problem !== undefined) throw new Error(problem)
}
