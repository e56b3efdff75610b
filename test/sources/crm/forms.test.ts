import t from 'tap'
import { createPortal } from '../../../lib/portal/index.ts'
import { run } from '../../../lib/run/run.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { formSubmissions } from '../../../lib/sources/crm/formSubmissions.ts'
import { forms } from '../../../lib/sources/crm/forms.ts'
import { failureOf } from '../../support/failureOf.ts'
import { formServer } from '../../support/formServer.ts'
import { instantClock } from '../../support/instantClock.ts'
import { jsonCopy } from '../../support/jsonCopy.ts'
import { openClient } from '../../support/openClient.ts'
import { portalClient } from '../../support/portalClient.ts'
import { runWithCheckpoint } from '../../support/runWithCheckpoint.ts'
import { Workplace } from '../../support/Workplace.ts'

const served = (count: number, archived = false) =>
  Array.from({ length: count }, (_, n) => ({
    id: `${archived ? 'z' : 'a'}${n}`,
    name: `Form ${n}`,
    archived,
  }))

const idsOf = (list: readonly { id: string }[]) => list.map(({ id }) => id)

t.test('forms: every form of the portal, of all types, archived ones last', async t => {
  await using portal = await createPortal({ leads: 300 })
  const client = portalClient(t, portal)
  const all = await forms(client).toArray()
  t.strictSame([...new Set(all.map(({ formType }) => formType))].toSorted(), [
    'blog_comment',
    'captured',
    'flow',
    'hubspot',
  ])
  t.equal(new Set(idsOf(all)).size, all.length)
  const active = await forms(client, { archived: false }).toArray()
  const archived = await forms(client, { archived: true }).toArray()
  t.ok(active.length > 0 && archived.length > 0)
  t.strictSame(all, [...active, ...archived])
  t.ok(archived.every(form => form.archived))
})

t.test('forms, formSubmissions: the error for a record that is too large names their own option', async t => {
  await using portal = await createPortal({ leads: 20 })
  const client = portalClient(t, portal)
  for (const source of [forms, formSubmissions]) {
    const failure = await failureOf(source(client, { maxRecordBytes: 10 }).toArray())
    t.match(failure, { code: 'DECODE', message: /larger than maxRecordBytes \(10\)/ })
  }
})

t.test('forms: a form that is archived meanwhile, or that a page shows again, is delivered once', async t => {
  const { origin, forms: list } = await formServer(t, [...served(7), ...served(2, true)], {
    pageSize: 3,
    intercept({ searchParams }) {
      if (searchParams.get('after') === '3') list.unshift({ id: 'new' })
      const first = list.find(({ id }) => id === 'a0')
      if (searchParams.get('archived') === 'true' && first !== undefined) first.archived = true
      return undefined
    },
  })
  const source = forms(openClient(t, origin))
  t.strictSame(idsOf(await source.toArray()), [...idsOf(served(7)), ...idsOf(served(2, true))])
  t.match(source.counts, { delivered: 9, dropped: 2 })
})

t.test('forms: a server that ignores `archived` is PAGING', async t => {
  const { origin } = await formServer(t, [], {
    intercept(_, response) {
      response.end('{"results":[{"id":"f","archived":false}]}')
      return true
    },
  })
  t.match(await failureOf(forms(openClient(t, origin)).toArray()), {
    code: 'PAGING',
    message: 'the list of forms: expected forms with "archived": true, received f with false',
  })
})

t.test('forms: a body that breaks off anywhere is requested again', async t => {
  const whole = JSON.stringify({ results: served(4).map(form => ({ ...form, archived: false })) })
  for (let cut = 1; cut < whole.length; cut += 7) {
    let isFirst = true
    const { origin } = await formServer(t, served(4), {
      intercept(_, response) {
        if (!isFirst) return false
        isFirst = false
        response.writeHead(200, { 'content-length': whole.length })
        response.write(whole.slice(0, cut), () => response.destroy())
        return true
      },
    })
    const list = await forms(openClient(t, origin, {}, instantClock)).toArray()
    t.strictSame(idsOf(list), idsOf(served(4)), `cut after ${cut} bytes`)
  }
})

t.test('forms: both decoders read the same, and a cursor that comes again is PAGING', async t => {
  const { origin } = await formServer(t, [...served(9), ...served(3, true)], { pageSize: 4 })
  const client = openClient(t, origin)
  t.strictSame(await forms(client, { decode: 'stream-json' }).toArray(), await forms(client).toArray())
  const circle = await formServer(t, [], {
    intercept(_, response) {
      response.end('{"results":[],"paging":{"next":{"after":"x"}}}')
      return true
    },
  })
  t.match(await failureOf(forms(openClient(t, circle.origin)).toArray()), {
    code: 'PAGING',
    message: "the list of forms: paging makes no progress: the portal sent the cursor 'x' again",
  })
})

t.test('forms: a restart at every position delivers the rest', async t => {
  const list = [...served(5), ...served(3, true)]
  const { origin } = await formServer(t, list, { pageSize: 2 })
  const client = openClient(t, origin)
  for (let count = 0; count <= list.length; count += 1) {
    const source = forms(client)
    const first: string[] = []
    if (count > 0)
      for await (const { id } of source) {
        first.push(id)
        if (first.length === count) break
      }
    const from = jsonCopy(source.position)
    t.equal(from.records, count)
    t.strictSame([...first, ...idsOf(await forms(client, { from }).toArray())], idsOf(list))
  }
})

t.test(
  'forms: run() writes them as they came, resumes, and refuses another run of the same checkpoint',
  async t => {
    const { origin } = await formServer(t, served(20), { pageSize: 6 })
    const client = openClient(t, origin)
    const work = new Workplace(t)
    const start = (limit: number | undefined, signal?: AbortSignal) =>
      runWithCheckpoint(work, {
        source: forms(client, { limit }),
        sink: toFile(work.file('forms.ndjson')),
        every: 3,
        ...(signal === undefined ? {} : { signal }),
      })
    t.match(await start(undefined), { read: 20, records: 20, source: { name: 'forms', delivered: 20 } })
    t.strictSame(idsOf(work.lines('forms.ndjson')), idsOf(served(20)))
    t.match(await failureOf(start(3)), { code: 'CHECKPOINT' })
    const next = runWithCheckpoint(work, {
      source: forms(client),
      sink: toFile(work.file('forms.ndjson')),
      checkpoint: { whenFinished: 'next' },
    })
    t.match(await failureOf(next), { code: 'OPTION', context: { option: 'source' } })
  },
)

t.test('forms: wrong options and a refused scope have clear errors', async t => {
  const { origin } = await formServer(t, [], {
    intercept(_, response) {
      response.writeHead(403).end('{"message":"This app needs the scope forms"}')
      return true
    },
  })
  const client = openClient(t, origin)
  t.match(await failureOf(run(forms(client), toArray({ max: 1 }))), {
    code: 'AUTH',
    message: /needs the scope forms/,
  })
  const wrong: [options: object, message: string][] = [
    [{ archived: 'yes' }, `forms(): archived: expected true, false or "both", received 'yes'`],
    [{ maxLeadBytes: 5 }, 'forms(): unknown option "maxLeadBytes"; it is called maxRecordBytes'],
    [
      { from: { paging: 'forms' } },
      "forms(): from: expected the value of `position` of an earlier source, received { paging: 'forms' }",
    ],
  ]
  for (const [options, message] of wrong)
    t.match(await failureOf(() => forms(client, options)), { code: 'OPTION', message })
  t.match(await failureOf(() => forms({} as never)), { code: 'OPTION', context: { owner: 'forms()' } })
})
