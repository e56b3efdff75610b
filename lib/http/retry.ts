import type { AnswerContext } from '../errors/ErrorContexts.ts'
import { LeadpipeError, reworded } from '../errors.ts'
import type { Clock } from './Clock.ts'
import { parseHttpDate } from './exchange.ts'
import type { RetryOptions } from './transportOptions.ts'

/** A failed attempt that will be retried. */
export interface Failure {
  /** Number of the attempt, from 1. */
  attempt: number
  /** Milliseconds until the next attempt. */
  delay: number
  error: LeadpipeError
}

/** What decides whether and when there is another attempt. */
export interface RetryContext {
  options: Required<RetryOptions>
  budget: RetryBudget
  clock: Clock
  signal: AbortSignal
  /** Called before each wait. */
  onRetry(failure: Failure): void
}

/**
 * Makes attempts until one succeeds, one fails for good, or the retries are used up. Each attempt enters the limiter
 * again: between attempts, no slot is held.
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

/**
 * Waits after the failed attempt number `attempt`, so that another can be made.
 *
 * @throws `error`, if a retry can't help, or if the retries or their budget are used up; the signal's reason after an
 * abort.
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
  const { retryAfter } = error.context as Partial<AnswerContext>
  const delay = retryDelay(attempt, retryAfter, options, clock.random)
  onRetry({ attempt, delay, error })
  await clock.wait(delay, signal)
}

/**
 * Milliseconds to wait after the failed attempt number `attempt` (from 1). A Retry-After decides, if the server sent
 * one. If not, the wait doubles with each attempt, minus a random part of up to half, so that clients which failed
 * together do not retry together. Never more than `maxDelay`.
 */
export function retryDelay(
  attempt: number,
  retryAfter: number | undefined,
  { minDelay, maxDelay }: Required<Pick<RetryOptions, 'minDelay' | 'maxDelay'>>,
  random: Clock['random'],
): number {
  if (retryAfter !== undefined) return Math.min(retryAfter, maxDelay)
  const longest = Math.min(minDelay * 2 ** (attempt - 1), maxDelay)
  return Math.round(longest * (1 - random() / 2))
}

/**
 * A Retry-After header in milliseconds from `now`, 0 or more: seconds or an HTTP date (RFC 9110, 10.2.3). Undefined if
 * the header is absent or invalid.
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = parseHttpDate(text)
  return date === undefined ? undefined : Math.max(0, date - now)
}

function exhausted(error: LeadpipeError, attempts: number, why: string): LeadpipeError {
  if (attempts === 1 && why === '') return error
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  return reworded(error, `${error.problem} (after ${times}${why})`, { context: { attempts } })
}

/** This many retries are always allowed: a share of few requests means nothing. */
const freeRetries = 100

/**
 * Limits the total retries of a client: each request has its own limit, but a server that fails most requests for hours
 * should not get retries for hours.
 */
export class RetryBudget {
  readonly #share: number
  #requests = 0
  #retries = 0

  /** @param share the maximum number of retries per request, after the first 100 retries */
  constructor(share: number) {
    this.#share = share
  }

  /** Counts the first attempt of a request. */
  request(): void {
    this.#requests += 1
  }

  /** Takes a retry from the budget; false if it is used up. */
  take(): boolean {
    if (this.#retries >= freeRetries && this.#retries >= this.#share * this.#requests) return false
    this.#retries += 1
    return true
  }

  /** The state of the budget, in words. */
  get state(): string {
    return `${this.#retries} retries in ${this.#requests} requests`
  }
}
