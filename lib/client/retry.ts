import { LeadpipeError } from '../errors.ts'
import type { Clock } from './Clock.ts'
import type { RetryOptions } from './options.ts'
import { retryDelay } from './retryDelay.ts'

/** What `retry` needs to know besides the attempt itself. */
export interface RetryContext {
  options: Required<RetryOptions>
  clock: Clock
  signal: AbortSignal
  /** Called before each wait. */
  onRetry(failure: { attempt: number; delay: number; error: LeadpipeError }): void
}

/**
 * Makes attempts until one succeeds, one fails for good, or the retries are used up. Each attempt enters the
 * limiter anew: one that waits holds no slot.
 */
export async function retry<T>(
  makeAttempt: (attempt: number) => Promise<T>,
  { options, clock, signal, onRetry }: RetryContext,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await makeAttempt(attempt)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!(error instanceof LeadpipeError) || !error.retryable) throw error
      if (attempt > options.retries) throw exhausted(error, attempt)
      const delay = retryDelay(attempt, error.context.retryAfter as number | undefined, options, clock.random)
      onRetry({ attempt, delay, error })
      await clock.wait(delay, signal)
    }
  }
}

function exhausted(error: LeadpipeError, attempts: number): LeadpipeError {
  if (attempts === 1) return error
  return new LeadpipeError(error.code, `${error.message} (after ${attempts} attempts)`, {
    retryable: true,
    cause: error.cause,
    context: { ...error.context, attempts },
  })
}
