/** Whether a stream is standard output or standard error, which belong to the process and are never ended. */
export function isStandard(stream: unknown): boolean {
  return stream === process.stdout || stream === process.stderr
}
