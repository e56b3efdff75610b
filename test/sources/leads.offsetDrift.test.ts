import t from 'tap'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

for (const [max, inserts] of [
  [1, 1],
  [5, 5],
  [100, 1],
] as const) {
  t.test(
    `offset paging, newest first, ${max} a page: leads that are inserted at the front are not PAGING`,
    async t => {
      const list = Array.from({ length: 250 }, (_, n) => `g${n}`)
      let requests = 0
      const { origin } = await listen(t, (request, response) => {
        const query = new URL(request.url ?? '', 'http://x').searchParams
        requests += 1
        // Not before every request, or the list would never end.
        if (requests % 3 !== 0 && requests < 200)
          for (let n = 0; n < inserts; n += 1) list.unshift(`new-${requests}-${n}`)
        const offset = Number(query.get('offset') ?? 0)
        const page = list.slice(offset, offset + Number(query.get('max')))
        response.end(JSON.stringify(page.map(guid => ({ guid }))))
      })
      const received = await leadsByOffset(openClient(t, origin, { concurrency: 1 }), {
        dir: 'desc',
        max,
      }).toArray()
      const guids = new Set(received.map(({ guid }) => guid))
      t.ok(Array.from({ length: 250 }, (_, n) => `g${n}`).every(guid => guids.has(guid)))
    },
  )
}
