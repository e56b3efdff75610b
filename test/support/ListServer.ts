import type { RequestListener } from 'node:http'
import { seededRandom } from './seededRandom.ts'

/** An element of a list: its text, and the keys by which the server filters and sorts it. */
export interface Listed {
  text: string
  /** Negative infinity for an absent time, which is in no range. */
  time: number
  /** '' sorts before every guid. */
  guid: string
}

/** How a list server reads the time bounds. */
export interface Reading {
  startTime: 'inclusive' | 'exclusive'
  stopTime: 'inclusive' | 'exclusive'
  /** Whether elements with equal times have a new order for each request. */
  reorders?: boolean
}

/**
 * Serves elements with any text, by startTime, stopTime, sort, max and offset.
 *
 * @param cap the most elements of a page, whatever `max` says
 */
export function listServer(list: readonly Listed[], reading: Reading, cap = 100): RequestListener {
  return (request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams
    const within = (name: 'startTime' | 'stopTime', time: number, sign: 1 | -1) => {
      const bound = query.get(name)
      if (bound === null) return true
      return sign * (time - Number(bound)) > 0 || (reading[name] === 'inclusive' && time === Number(bound))
    }
    const byGuid = query.get('sort') === 'guid'
    const ordered = reading.reorders ? shuffled(list) : list
    const found = ordered
      .filter(({ time }) => Number.isFinite(time) || !(query.has('startTime') || query.has('stopTime')))
      .filter(({ time }) => within('startTime', time, 1) && within('stopTime', time, -1))
      .toSorted((a, b) => (byGuid ? (a.guid < b.guid ? -1 : a.guid > b.guid ? 1 : 0) : a.time - b.time))
    if (query.get('dir') === 'desc') found.reverse()
    const offset = Number(query.get('offset') ?? 0)
    const page = found.slice(offset, offset + Math.min(cap, Number(query.get('max'))))
    response.end(`[${page.map(({ text }) => text).join()}]`)
  }
}

const chance = seededRandom(1)
const shuffled = (list: readonly Listed[]) =>
  list
    .map(one => ({ one, by: chance() }))
    .toSorted((a, b) => a.by - b.by)
    .map(({ one }) => one)
