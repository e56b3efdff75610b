import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  filter,
  type HubSpotClient,
  type Lead,
  type LeadsOptions,
  leads,
  map,
  quarantined,
  type Report,
  run,
  take,
  tee,
  toArray,
  toFile,
  validate,
} from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'
import { instantClock } from '../support/instantClock.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/** Numbers of changes as in `report.source`. */
const changesIn = ({ source }: Report) => {
  const { replacedCharacters, repeatedKeys, roundedNumbers, textNumbers } = source ?? {}
  return { replacedCharacters, repeatedKeys, roundedNumbers, textNumbers }
}
const none = { replacedCharacters: 0, repeatedKeys: 0, roundedNumbers: 0, textNumbers: 0 }

const n = '9007199254740993'
/** Leads that a JavaScript value does not hold as they are, one among others that it does. */
const texts = [
  '{"guid":"a","insertedAt":1}',
  `{"guid":"b","insertedAt":2,"id":"\xff\xfe","email":"one@x","email":"two@x","n":${n},"m":[1e400,${n}]}`,
  '{"guid":"c","insertedAt":3,"n":1e3}',
]
const bodyOf = (elements: readonly string[]) => Buffer.from(`[${elements.join(',')}]`, 'latin1')

/** A portal of these elements, whose first body is cut off after so many bytes. */
async function portalOf(
  t: Test,
  elements: readonly string[] = texts,
  cut?: () => number,
): Promise<HubSpotClient> {
  const { origin, targets } = await listen(t, (request, response) => {
    const offset = Number(new URL(request.url ?? '', 'http://x').searchParams.get('offset') ?? 0)
    const body = bodyOf(elements.slice(offset))
    response.end(targets.length === 1 && cut ? body.subarray(0, cut()) : body)
  })
  return openClient(t, origin, {}, instantClock)
}

for (const decode of ['express', 'stream-json'] as const) {
  t.test(`run: ${decode}: what a value can't hold is counted once, wherever the body is cut off`, async t => {
    for (let cut = 0; cut < bodyOf(texts).length; cut += decode === 'express' ? 1 : 7) {
      const client = await portalOf(t, texts, () => cut)
      const sink = toArray<Lead>({ max: 9 })
      const report = await run(leadsByOffset(client, { decode }), sink)
      t.equal(report.source?.retries, 1)
      t.strictSame(
        changesIn(report),
        { replacedCharacters: 2, repeatedKeys: 1, roundedNumbers: 2, textNumbers: 1 },
        `${cut} bytes`,
      )
      t.match(sink.records[1], { id: '\ufffd\ufffd', email: 'two@x', n: 2 ** 53, m: ['1e400', 2 ** 53] })
    }
  })
}

t.test("run: longNumbers 'text' keeps every digit, and the values are the same for every sink", async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  const long = `{"guid":"b","n":${n},"m":[1e400,-0.${n}${n}]}`
  const client = await portalOf(t, [long])
  const options = { longNumbers: 'text' } as const
  const sink = toArray<Lead>({ max: 9 })
  t.match(changesIn(await run(leadsByOffset(client, options), sink)), { roundedNumbers: 0, textNumbers: 3 })
  t.strictSame(sink.records, [{ guid: 'b', n, m: ['1e400', `-0.${n}${n}`] }])
  const isKept = (lead: Lead) => (lead as { n?: unknown }).n === n
  const report = await run(leadsByOffset(client, options), filter(isKept, { pure: true }), toFile(path))
  t.equal(readFileSync(path, 'utf8'), `${long}\n`)
  t.strictSame(changesIn(report), none, 'the file has the digits of the portal')
})

t.test('run: numbers are counted if any output gets them as values', async t => {
  const folder = t.testdir()
  const client = await portalOf(t, [`{"guid":"b","n":${n}}`])
  const file = (name: string) => toFile(join(folder, name))
  const toFiles = tee(file('a.ndjson'), file('b.ndjson'))
  t.equal(changesIn(await run(leadsByOffset(client), validate(), toFiles)).roundedNumbers, 0)
  const toBoth = tee(file('c.ndjson'), toArray<Lead>({ max: 9 }))
  t.equal(changesIn(await run(leadsByOffset(client), validate(), toBoth)).roundedNumbers, 1)
})

t.test('run: leads that are read but not delivered are not counted', async t => {
  const client = await portalOf(t)
  t.strictSame(changesIn(await run(leadsByOffset(client), take(1), toArray({ max: 9 }))), none)
  t.strictSame(changesIn(await run(leadsByOffset(client, { limit: 1 }), toArray({ max: 9 }))), none)
})

t.test('run: a restart from a checkpoint counts each change once', async t => {
  const folder = t.testdir()
  const elements = Array.from({ length: 12 }, (_, i) => `{"guid":"g${i}","id":"\xff","n":${n}}`)
  const client = await portalOf(t, elements)
  let failsAt: string | undefined = 'g5'
  const start = () =>
    run(
      leadsByOffset(client),
      map((lead: Lead) => {
        if (lead.guid === failsAt) throw new Error('the lead fails')
        return lead
      }),
      toFile(join(folder, 'leads.ndjson')),
      { checkpoint: join(folder, 'checkpoint.json') },
    )
  t.match(await failureOf(start()), { code: 'OPERATOR', report: { read: 6 } })
  failsAt = undefined
  const report = await start()
  t.match(report, { read: 12, checkpoint: { starts: 2 } })
  t.strictSame(changesIn(report), { ...none, replacedCharacters: 12, roundedNumbers: 12 })
})

t.test('run: a checkpoint of a run with another longNumbers does not fit', async t => {
  const folder = t.testdir()
  const client = await portalOf(t)
  const start = (longNumbers: LeadsOptions['longNumbers']) =>
    run(leads(client, { paging: 'offset', longNumbers }), toFile(join(folder, 'leads.ndjson')), {
      checkpoint: join(folder, 'checkpoint.json'),
    })
  await start('text')
  t.match(await failureOf(start('round')), { code: 'CHECKPOINT', message: /longNumbers/ })
})

t.test('quarantined: long numbers, repeated keys, and depth are treated as by leads()', async t => {
  const folder = t.testdir()
  const [path, still] = [join(folder, 'rejected.ndjson'), join(folder, 'still.ndjson')]
  const deep = `{"guid":"deep","x":${'['.repeat(100)}${']'.repeat(100)}}`
  const client = await portalOf(t, [`{"guid":"a","a":1,"a":2,"n":${n},"score":"high"}`, deep])
  await run(
    leadsByOffset(client),
    validate({ onInvalid: 'quarantine', quarantine: path }),
    toArray({ max: 9 }),
  )
  const repair = map((lead: Lead) => ({ ...lead, score: 1 }))
  for (const longNumbers of ['round', 'text'] as const) {
    const sink = toArray<Lead>({ max: 9 })
    const onStill = { onInvalid: 'quarantine', quarantine: still } as const
    const report = await run(quarantined(path, { longNumbers }), repair, validate(onStill), sink)
    t.match(sink.records, [{ guid: 'a', a: 2, n: longNumbers === 'text' ? n : 2 ** 53 }])
    t.match(report.source, {
      name: 'quarantined',
      delivered: 1,
      rejected: 1,
      repeatedKeys: 1,
      roundedNumbers: longNumbers === 'text' ? 0 : 1,
      textNumbers: longNumbers === 'text' ? 1 : 0,
    })
    t.match(readFileSync(still, 'utf8'), '"rule":"too deep"')
  }
  const sink = toArray<Lead>({ max: 9 })
  await run(quarantined(path, { maxDepth: 200 }), validate({ onInvalid: 'skip' }), sink)
  t.match(sink.records, [{ guid: 'deep' }])
})
