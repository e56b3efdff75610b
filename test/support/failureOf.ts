/** The error that a call throws or its promise rejects with; throws if it does neither. */
export async function failureOf(call: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof call === 'function' ? call() : call)
  } catch (error) {
    return error
  }
  throw new Error('expected a failure, but it succeeded')
}
