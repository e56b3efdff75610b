import { join } from 'node:path'
import Libsql from 'libsql'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { timePivots } from '../../lib/portal/list/ListRequest.ts'
import { readListRequest } from '../../lib/portal/list/readListRequest.ts'
import { pageQuery, type Query, type Route, textQuery } from '../../lib/portal/store/pageQuery.ts'

t.test(
  'ordinary lists are led by an index, sort nothing and pass over leads without touching the table',
  async t => {
    const database = await fill(t.testdir())
    const cases: [query: string, route: Route, plan: RegExp][] = [
      ['', 'pivot', /^SEARCH lead USING COVERING INDEX lead_by_insertedAt \(insertedAt<\?\)$/],
      [
        'offset=5000&dir=desc',
        'pivot',
        /^SEARCH lead USING COVERING INDEX lead_by_insertedAt \(insertedAt<\?\)$/,
      ],
      ['optOut=true&bounced=true', 'pivot', /^SEARCH lead USING COVERING INDEX lead_by_insertedAt/],
      ['search=ann', 'pivot', /^SEARCH lead USING INDEX lead_by_insertedAt/],
      ['sort=email', 'sort', /^SCAN lead USING COVERING INDEX lead_by_email$/],
      ['sort=email&dir=desc', 'sort', /^SCAN lead USING COVERING INDEX lead_by_email$/],
      ['sort=guid&startTime=1', 'sort', /^SCAN lead USING COVERING INDEX lead_by_guid$/],
      ['sort=lastModifiedAt', 'sort', /^SCAN lead USING COVERING INDEX lead_by_lastModifiedAt$/],
      ['sort=city', 'sort', /^SCAN body USING INDEX body_by_city\nSEARCH lead USING INTEGER PRIMARY KEY/],
      [
        'sort=city&dir=desc',
        'sort',
        /^SCAN body USING INDEX body_by_city\nSEARCH lead USING INTEGER PRIMARY KEY/,
      ],
      ...timePivots.flatMap((pivot): [string, Route, RegExp][] => [
        [
          `timePivot=${pivot}&startTime=5`,
          'pivot',
          new RegExp(`^SEARCH lead USING COVERING INDEX lead_by_${pivot} `),
        ],
        [
          `timePivot=${pivot}&startTime=5&stopTime=9`,
          'pivot',
          new RegExp(`lead_by_${pivot} \\(${pivot}>\\? AND ${pivot}<\\?\\)$`),
        ],
      ]),
    ]
    for (const [query, route, plan] of cases) {
      const lines = explain(database, pageQuery(request(query), route))
      t.match(lines, plan, query)
      t.notMatch(lines, 'TEMP B-TREE', query)
    }
  },
)

t.test('lists by guid are led by the index of the guids, whatever they are sorted by', async t => {
  const database = await fill(t.testdir())
  for (const query of ['guids[0]=a', 'guids[0]=a&guids[1]=b&sort=email', 'guids[0]=a&sort=city']) {
    t.match(
      explain(database, pageQuery(request(query), 'guids')),
      /^SEARCH lead USING (COVERING )?INDEX lead_by_guid \(guid=\?\)/,
      query,
    )
  }
})

t.test('a narrow time window leads, whatever it is sorted by', async t => {
  const database = await fill(t.testdir())
  for (const query of ['startTime=1&stopTime=2&sort=guid', 'startTime=1&stopTime=2&sort=city']) {
    t.match(
      explain(database, pageQuery(request(query), 'pivot')),
      /^SEARCH lead USING (COVERING )?INDEX lead_by_insertedAt \(/,
      query,
    )
  }
})

t.test('the texts of a page are found by their key', async t => {
  const database = await fill(t.testdir())
  for (const query of ['', 'excludeConversionEvents=true']) {
    t.match(explain(database, textQuery(request(query), [1, 2])), /^SEARCH body USING INTEGER PRIMARY KEY/)
  }
})

/** A file that a portal has filled, with the index of one attribute sorted by. */
async function fill(dir: string): Promise<Libsql.Database> {
  const db = join(dir, 'leads.db')
  const portal = await createPortal({ db, leads: 10 })
  await fetch(`${portal.origin}/leads/v1/list?access_token=${portal.accessToken}&sort=city`)
  await portal.close()
  return new Libsql(db)
}

function request(query: string) {
  return readListRequest(new URLSearchParams(query), {
    startTime: 'exclusive',
    stopTime: 'inclusive',
    now: 10,
  })
}

function explain(database: Libsql.Database, { sql, values }: Query): string {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values) as { detail: string }[]
  return rows.map(({ detail }) => detail).join('\n')
}
