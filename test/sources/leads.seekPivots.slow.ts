import t from 'tap'
import {
  allLeads,
  bounds,
  guidsOf,
  pivotNames,
  portalOf,
  readLeads,
  sortedByPivot,
} from '../support/pivots.ts'

for (const startTime of bounds) {
  for (const stopTime of bounds) {
    t.test(
      `seek paging: with each pivot, leads arrive once and in the order of (pivot, guid): ${startTime}, ${stopTime}`,
      async t => {
        const portal = await portalOf(t, { startTime, stopTime })
        for (const timePivot of pivotNames) {
          for (const max of [100, 7]) {
            const received = await readLeads(t, portal, { timePivot, max, includeDeleted: true })
            t.strictSame(
              guidsOf(received),
              guidsOf(sortedByPivot(allLeads, timePivot)),
              `${timePivot}, ${max} a page`,
            )
          }
        }
      },
    )
  }
}
