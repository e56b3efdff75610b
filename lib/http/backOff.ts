import { LeadpipeError } from '../errors.ts'
import type { Clock } from './Clock.ts'
import type { RetryBudget } from './RetryBudget.ts'
import { retryDelay } from './retryDelay.ts'
import type { RetryOptions } from './transportOptions.ts'

/** A failed attempt that another will follow. */
export interface Failure {
  /** Number of the attempt, from 1. */
  attempt: number
  /** Milliseconds until the next. */
  delay: number
  error: LeadpipeError
}

/** What decides whether there is another attempt, and when. */
export interface RetryContext {
  options: Required<RetryOptions>
  budget: RetryBudget
  clock: Clock
  signal: AbortSignal
  /** Called before each wait. */
  onRetry(failure: Failure): void
}

/**
 * Waits after the failed attempt number `attempt`, so that another can be made.
 *
 * @throws what was given, when it is no use to try again, or the retries or their budget are used up; the
 * signal's reason after an abort.
 */
export async function backOff(
  error: unknown,
  attempt: number,
  { options, budget, clock, signal, onRetry }: RetryContext,
): Promise<void> {
  if (signal.aborted) throw signal.reason
  if (!(error instanceof LeadpipeError) || !error.retryable) throw error
  if (attempt > options.retries) throw exhausted(error, attempt, '')
  if (!budget.take()) throw exhausted(error, attempt, `; the retry budget is used up: ${budget.state}`)
  const delay = retryDelay(attempt, error.context.retryAfter as number | undefined, options, clock.random)
  onRetry({ attempt, delay, error })
  await clock.wait(delay, signal)
}

function exhausted(error: LeadpipeError, attempts: number, why: string): LeadpipeError {
  if (attempts === 1 && why === '') return error
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  return new LeadpipeError(error.code, `${error.message} (after ${times}${why})`, {
    retryable: true,
    cause: error.cause,
    context: { ...error.context, attempts },
  })
}
