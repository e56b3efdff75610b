import { debuglog } from 'node:util'
import {
  type PageMessage,
  pageChannel,
  type RequestMessage,
  type RetryMessage,
  requestChannel,
  retryChannel,
} from './channels.ts'

const log = debuglog('leadpipe')

/** With NODE_DEBUG=leadpipe, writes what the channels publish to standard error. */
export function startDebugLog(): void {
  if (!log.enabled) return
  requestChannel.subscribe(message => {
    const { method, url, status, duration, attempt } = message as RequestMessage
    log('%s %s: %d after %d ms (attempt %d)', method, url, status, duration, attempt)
  })
  retryChannel.subscribe(message => {
    const { method, url, attempt, delay, reason } = message as RetryMessage
    log('%s %s: attempt %d failed, next in %d ms: %s', method, url, attempt, delay, reason)
  })
  pageChannel.subscribe(message => {
    const { page, leads, bytes } = message as PageMessage
    log('page %d: %d leads, %d bytes', page, leads, bytes)
  })
}
