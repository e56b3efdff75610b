import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/*
 * The events of leadpipe, published on diagnostics channels: progress, logs and metrics are only subscribers. A
 * channel without a subscriber costs next to nothing. No message contains a token.
 */

/** Published on `leadpipe:request` when the headers of an answer have arrived. */
export interface RequestMessage {
  method: string
  /** The URL, the token redacted. */
  url: string
  status: number
  /** Milliseconds from the start of the attempt to the headers. */
  duration: number
  /** 1 for the first attempt. */
  attempt: number
}

/** Published on `leadpipe:retry` before the wait for another attempt. */
export interface RetryMessage {
  method: string
  /** The URL, the token redacted. */
  url: string
  /** The attempt that failed, from 1. */
  attempt: number
  /** Milliseconds until the next attempt. */
  delay: number
  /** The reason, in one sentence. */
  reason: string
}

/** Published on `leadpipe:limit` when a request begins to wait for a limit of requests per time. */
export interface LimitMessage {
  /** Scheme, host and port. */
  origin: string
  /** 'rateLimit': the option of that name. 'server': the limit that the server's answers report. */
  limit: 'rateLimit' | 'server'
  /** Milliseconds until the next request may start. */
  delay: number
}

/** Published on `leadpipe:page` when a page was read, to its end or as far as needed. */
export interface PageMessage {
  /** Number of the page, from 1. */
  page: number
  leads: number
  /** Bytes of the body, after gunzip. */
  bytes: number
}

/**
 * Published on `leadpipe:checkpoint`, twice for each save of a checkpoint: when everything in it is durable
 * ('flushed'; in the phase 'committed', every file has its name), and when the checkpoint itself is saved.
 */
export interface CheckpointMessage {
  /** The path of the checkpoint, as the user gave it. */
  path: string
  phase: 'running' | 'prepared' | 'committed'
  step: 'flushed' | 'saved'
  /** Number of saves, this one included. */
  saves: number
}

export const checkpointChannel = channel('leadpipe:checkpoint')
export const requestChannel = channel('leadpipe:request')
export const retryChannel = channel('leadpipe:retry')
export const limitChannel = channel('leadpipe:limit')
export const pageChannel = channel('leadpipe:page')

/** With NODE_DEBUG=leadpipe, writes the messages of the channels to standard error. */
export function startDebugLog(): void {
  const log = debuglog('leadpipe')
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
