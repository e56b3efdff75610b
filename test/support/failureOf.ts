/** What a call throws or its promise rejects with; fails when it does neither. */
export async function failureOf(call: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof call === 'function' ? call() : call)
  } catch (error) {
    return error
  }
  throw new Error('expected a failure, but it succeeded')
}
