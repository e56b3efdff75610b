import type { Call, Handler, Route } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { batchRead } from './batchRead.ts'
import { getObject } from './getObject.ts'
import { limitRecords } from './limitRecords.ts'
import { listObjects } from './listObjects.ts'
import { listProperties } from './listProperties.ts'
import { listAssociations, readAssociations } from './readAssociations.ts'
import { searchObjects } from './searchObjects.ts'

/** A variable part of a path. */
const part = '([^/]+)'
const objects = `/crm/(?:v3/objects|objects/2026-0[39])/${part}`
const associated = `/crm/(?:v4/objects|objects/2026-0[39])/${part}/${part}/associations/${part}`
const associations = `/crm/(?:v4/associations|associations/2026-0[39])/${part}/${part}/batch/read`

/** The routes of the CRM APIs, in both spellings: with a version by number, and with one by date. */
export const crmRoutes: readonly Route[] = [
  paged(objects, 'GET', listObjects),
  { ...paged(`${objects}/search`, 'POST', searchObjects), group: 'search' },
  paged(`${objects}/batch/read`, 'POST', batchRead),
  { path: pathOf(`${objects}/${part}`), handlers: { GET: getObject } },
  { path: pathOf(`/crm/(?:v3/properties|properties/2026-0[39])/${part}`), handlers: { GET: listProperties } },
  { ...paged(associations, 'POST', readAssociations), group: 'associations' },
  { ...paged(associated, 'GET', listAssociations), group: 'associations' },
  { path: pathOf('/crm/v3/limits/records'), handlers: { GET: limitRecords } },
]

function pathOf(pattern: string): RegExp {
  return new RegExp(`^${pattern}/?$`)
}

function paged(pattern: string, method: 'GET' | 'POST', handler: Handler): Route {
  const isLastPage = (call: Call, served: Served, now: number): boolean => {
    try {
      const { body } = handler(call, served, now)
      return !('paging' in JSON.parse(Buffer.concat(body).toString()))
    } catch {
      return false
    }
  }
  return { path: pathOf(pattern), handlers: { [method]: handler }, isLastPage }
}
