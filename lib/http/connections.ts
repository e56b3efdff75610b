import { Pool } from 'undici'
import type { TimeoutOptions } from './transportOptions.ts'

/**
 * A pool of connections to one origin. It opens none before the first request, and idle ones do not keep the
 * process alive.
 *
 * @param connections most connections, and requests under way, at once
 * @param timeouts in milliseconds
 */
export function openPool(
  origin: string,
  connections: number,
  timeouts: Required<Pick<TimeoutOptions, 'connect' | 'headers' | 'chunk'>>,
): Pool {
  return new Pool(origin, {
    connections,
    pipelining: 1,
    connect: { timeout: timeouts.connect },
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.chunk,
  })
}
