import t from 'tap'
import { all, bounds, guidsOf, names, ordered, portalOf, read } from '../support/pivots.ts'

for (const startTime of bounds) {
  for (const stopTime of bounds) {
    t.test(
      `by each pivot, leads come once and in the order of (pivot, guid): ${startTime}, ${stopTime}`,
      async t => {
        const portal = await portalOf(t, { startTime, stopTime })
        for (const timePivot of names) {
          for (const max of [100, 7]) {
            const came = await read(t, portal, { timePivot, max, includeDeleted: true })
            t.strictSame(guidsOf(came), guidsOf(ordered(all, timePivot)), `${timePivot}, ${max} a page`)
          }
        }
      },
    )
  }
}
