import type { Answer } from '../server/Answer.ts'
import type { Call } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { readListRequest } from './readListRequest.ts'

const open = Buffer.from('[')
const comma = Buffer.from(',')
const close = Buffer.from(']')

/** `GET /leads/v1/list`: an array of leads, compact; no total, no "has more", as documented. */
export function listLeads({ query }: Call, { settings, store }: Served, now: number): Answer {
  const { startTime, stopTime } = settings
  const leads = store.page(readListRequest(query, { startTime, stopTime, now }))
  const elements = leads.flatMap((lead, index) => (index === 0 ? [lead] : [comma, lead]))
  return { status: 200, headers: {}, body: [open, ...elements, close] }
}
