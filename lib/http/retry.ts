import { backOff, type RetryContext } from './backOff.ts'

/**
 * Makes attempts until one succeeds, one fails for good, or the retries are used up. Each attempt enters the
 * limiter anew: one that waits holds no slot.
 */
export async function retry<T>(
  makeAttempt: (attempt: number) => Promise<T>,
  context: RetryContext,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await makeAttempt(attempt)
    } catch (error) {
      await backOff(error, attempt, context)
    }
  }
}
