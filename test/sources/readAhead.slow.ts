import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { leads } from '../../lib/sources/leads.ts'
import { someLeads } from '../support/aLead.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Listed, listServer } from '../support/ListServer.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { stillness } from '../support/stillness.ts'
import { turns } from '../support/turns.ts'
import { watchSockets } from '../support/watchSockets.ts'

const parameters = (url = '') => new URL(url, 'http://x').searchParams

interface Waiting {
  offset: number
  answer(): void
}

/**
 * A server of leads by offset that answers when the test says so: `waiting` has the pending requests,
 * `most` is the greatest number of them at once.
 */
async function holding(t: Test, list: readonly unknown[]) {
  const state = { waiting: [] as Waiting[], most: 0, bytes: 0, arrived: (_count: number) => {} }
  const server = await listen(t, ({ url }, response: ServerResponse) => {
    const offset = Number(parameters(url).get('offset') ?? 0)
    const body = JSON.stringify(list.slice(offset, offset + Number(parameters(url).get('max'))))
    const one: Waiting = {
      offset,
      answer() {
        state.waiting.splice(state.waiting.indexOf(one), 1)
        state.bytes += body.length
        response.end(body)
      },
    }
    state.waiting.push(one)
    response.on('close', () => {
      if (state.waiting.includes(one)) state.waiting.splice(state.waiting.indexOf(one), 1)
    })
    state.most = Math.max(state.most, state.waiting.length)
    state.arrived(state.waiting.length)
  })
  return { ...server, state }
}

t.test(
  'read-ahead: at most `concurrency` pages are requested at the same time, and as many if there are enough',
  async t => {
    for (const concurrency of [2, 4, 8]) {
      const list = someLeads(400)
      const { origin, state } = await holding(t, list)
      // The first page shows that there are more. After it, nothing is answered until all requests are pending.
      let first = true
      state.arrived = count => {
        if (!first && count < concurrency) return
        first = false
        for (const one of [...state.waiting]) one.answer()
      }
      const source = leadsByOffset(openClient(t, origin, { concurrency }), {
        max: 10,
        limit: 10 + 10 * concurrency,
      })
      t.equal((await source.toArray()).length, 10 + 10 * concurrency)
      t.equal(state.most, concurrency)
    }
  },
)

t.test('read-ahead: with seek paging, `concurrency` windows of time are read at the same time', async t => {
  const list: Listed[] = Array.from({ length: 4_000 }, (_, n) => {
    const insertedAt = 1_300_000_000_000 + 1_000 * n
    const guid = `g${n}`
    return { text: JSON.stringify({ guid, insertedAt }), time: insertedAt, guid }
  })
  const serve = listServer(list, { startTime: 'exclusive', stopTime: 'inclusive' })
  for (const concurrency of [2, 4]) {
    let underWay = 0
    let most = 0
    let requests = 0
    const held: (() => void)[] = []
    const { origin } = await listen(t, (request, response) => {
      requests += 1
      underWay += 1
      most = Math.max(most, underWay)
      response.on('close', () => {
        underWay -= 1
      })
      // After the first pages have shown the density, nothing is answered until all requests are pending.
      held.push(() => serve(request, response))
      if (requests <= 3 || most === concurrency) for (const answer of held.splice(0)) answer()
    })
    const received = await leads(openClient(t, origin, { concurrency }), { max: 20 }).toArray()
    const guids = list.toSorted((a, b) => a.time - b.time).map(({ guid }) => guid)
    t.strictSame(
      received.map(({ guid }) => guid),
      guids,
    )
    t.equal(most, concurrency)
  }
})

t.test('read-ahead: leads are in the order of the list, whatever the order of the answers', async t => {
  const list = someLeads(200)
  for (let seed = 1; seed <= 10; seed += 1) {
    const chance = seededRandom(seed)
    const { origin, state } = await holding(t, list)
    const client = openClient(t, origin, { concurrency: 5 })
    let ended = false
    const reading = leadsByOffset(client, { max: 7 })
      .toArray()
      .finally(() => {
        ended = true
      })
    while (!ended) {
      await turns(3)
      const { waiting } = state
      if (chance() < 0.7) waiting[Math.floor(chance() * waiting.length)]?.answer()
    }
    t.strictSame(await reading, list)
    await client.close()
  }
})

t.test(
  'read-ahead: with a limit, no more is requested than is wanted while the source is not read',
  async t => {
    const list: Listed[] = Array.from({ length: 6_000 }, (_, n) => {
      // Denser than the first leads suggest.
      const insertedAt = 1_300_000_000_000 + 1_000 * (n < 300 ? n : 300 + 0.7 * (n - 300))
      const guid = `g${String(n).padStart(4, '0')}`
      return { text: JSON.stringify({ guid, insertedAt: Math.floor(insertedAt) }), time: insertedAt, guid }
    })
    const { origin, targets } = await listen(
      t,
      listServer(list, { startTime: 'exclusive', stopTime: 'inclusive' }),
    )
    const source = leads(openClient(t, origin, { concurrency: 8 }), { limit: 3_000, highWaterMark: 1 })
    const reading = source[Symbol.asyncIterator]()
    let count = 0
    for (; count < 400; count += 1) await reading.next()
    await stillness(source)
    const requests = targets.length
    while (!(await reading.next()).done) count += 1
    t.equal(count, 3_000)
    t.ok(requests < 1.3 * 30 + 10 + 3 * 8, `${requests} requests`)
  },
)

t.test('read-ahead: while the source is not read, at most readAheadBytes and a page are held', async t => {
  const list = Array.from({ length: 5_000 }, (_, n) => ({ guid: `${n}`, text: 'x'.repeat(10_000) }))
  const page = 20 * 10_000
  for (const [concurrency, readAheadBytes] of [
    [4, 2_000_000],
    [4, 4_000_000],
    [32, 2_000_000],
    [100, 8_000_000],
  ] as const) {
    const { origin, state } = await holding(t, list)
    state.arrived = () => {
      for (const one of [...state.waiting]) one.answer()
    }
    const client = openClient(t, origin, { concurrency })
    const source = leadsByOffset(client, { max: 20, readAheadBytes, highWaterMark: 1 })
    const iterator = source[Symbol.asyncIterator]()
    // The first page must be delivered before it is known that there are more.
    for (let count = 0; count < 30; count += 1) t.equal((await iterator.next()).value?.guid, `${count}`)
    await stillness(source)
    // Two pages are delivered or being read.
    const held = state.bytes - 2 * page
    t.ok(held <= readAheadBytes + page, `${concurrency} lanes hold ${held} bytes of ${readAheadBytes}`)
    t.ok(held >= readAheadBytes / 2, 'at least half of readAheadBytes is used')
    let count = 30
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      if (next.value.guid !== `${count}`) t.equal(next.value.guid, `${count}`)
      count += 1
    }
    t.equal(count, list.length)
    await client.close()
  }
})

t.test('read-ahead: readAheadBytes holds even if pages are suddenly a hundred times as large', async t => {
  const list = Array.from({ length: 3_000 }, (_, n) => ({
    guid: `${n}`,
    text: 'x'.repeat(n < 100 ? 100 : 10_000),
  }))
  const page = 20 * 10_000
  const readAheadBytes = 1_000_000
  const concurrency = 32
  const { origin } = await serveLeads(t, list)
  const client = openClient(t, origin, { concurrency })
  const source = leadsByOffset(client, { max: 20, readAheadBytes, highWaterMark: 1 })
  const iterator = source[Symbol.asyncIterator]()
  for (let count = 0; count < 30; count += 1) t.equal((await iterator.next()).value?.guid, `${count}`)
  await stillness(source)
  const { bytes } = source.counts
  // Chunks that have arrived are kept, and each connection may have one more.
  t.ok(bytes <= readAheadBytes + page + concurrency * 65_536, `${bytes} bytes of ${readAheadBytes}`)
  let count = 30
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) count += 1
  t.equal(count, list.length)
})

t.test('read-ahead: eight pages of common size are requested at the same time', async t => {
  const list = Array.from({ length: 3_200 }, (_, n) => ({ guid: `${n}`, text: 'x'.repeat(5_000) }))
  const { origin, state } = await holding(t, list)
  let first = true
  // Whenever eight requests are pending, one is answered.
  state.arrived = count => {
    if (!first && count < 8) return
    first = false
    state.waiting[0]?.answer()
  }
  const source = leadsByOffset(openClient(t, origin, { concurrency: 8 }), { limit: 2_500 })
  for (let count = 0; count < 100; count += 1) source.read() ?? (await once(source, 'readable'))
  t.equal(await eventually(() => state.most, 8), 8)
  source.destroy()
})

t.test('read-ahead: readAheadBytes: 0 requests a page only when the one before is delivered', async t => {
  const list = someLeads(60)
  const { origin, targets } = await serveLeads(t, list)
  const source = leadsByOffset(openClient(t, origin), { max: 10, readAheadBytes: 0, highWaterMark: 1 })
  let count = 0
  for await (const _ of source) {
    count += 1
    await turns(5)
    t.ok(targets.length <= Math.ceil((count + 2) / 10), `${targets.length} pages when ${count} are read`)
  }
  t.equal(count, 60)
})

t.test('read-ahead: a page too large to be held is dropped, and requested again when it is next', async t => {
  const list = Array.from({ length: 40 }, (_, n) => ({
    guid: `${n}`,
    text: 'x'.repeat(n >= 20 && n < 30 ? 200_000 : 10),
  }))
  const { origin, targets } = await serveLeads(t, list)
  const client = openClient(t, origin, { concurrency: 3 })
  const source = leadsByOffset(client, { max: 10, readAheadBytes: 600_000, highWaterMark: 1 })
  const guids: unknown[] = []
  for await (const { guid } of source) {
    guids.push(guid)
    // Time for the page read ahead to arrive and to be dropped.
    if (guids.length === 2)
      await eventually(() => targets.filter(target => target.includes('offset=20')).length > 0, true)
    if (guids.length === 3) await turns(200)
  }
  t.strictSame(
    guids,
    list.map(({ guid }) => guid),
  )
  t.ok(targets.filter(target => /offset=2\d\b/.test(target)).length > 1, 'the page was requested again')
  const { decoded, delivered, dropped, unused, retries } = source.counts
  t.equal(decoded, delivered + dropped + unused)
  t.equal(retries, 0)
})

/** A server of leads by guid and by offset. */
function serveBoth(t: Test, list: readonly { guid?: string }[]) {
  return listen(t, ({ url }, response) => {
    const query = parameters(url)
    const guids = [...query].filter(([name]) => name.startsWith('guids[')).map(([, guid]) => guid)
    const offset = Number(query.get('offset') ?? 0)
    const page = list.slice(offset, offset + Number(query.get('max')))
    response.end(JSON.stringify(guids.length > 0 ? guids.map(guid => ({ guid, asked: 'by guid' })) : page))
  })
}

t.test(
  'read-ahead: a source that reads its guids from another source of the same client does not deadlock',
  async t => {
    const list = Array.from({ length: 300 }, (_, n) => ({ guid: `${n}`, text: 'x'.repeat(5_000) }))
    for (const concurrency of [2, 3, 4]) {
      for (const readAheadBytes of [0, 100_000, 10_000_000]) {
        const { origin } = await serveBoth(t, list)
        const client = openClient(t, origin, { concurrency })
        const inner = leadsByOffset(client, { max: 50, readAheadBytes })
        async function* guids() {
          for await (const { guid } of inner) yield guid
        }
        const outer = leads(client, { guids: guids(), max: 20, readAheadBytes })
        const received: unknown[] = []
        for await (const { guid } of outer) received.push(guid)
        t.strictSame(
          received,
          list.map(({ guid }) => guid),
          `${concurrency}, ${readAheadBytes}`,
        )
      }
    }
  },
)

t.test('read-ahead: a source that is not read does not block another one of the same client', async t => {
  const list = Array.from({ length: 400 }, (_, n) => ({ guid: `${n}`, text: 'x'.repeat(20_000) }))
  for (const concurrency of [2, 4]) {
    const { origin } = await serveLeads(t, list)
    const client = openClient(t, origin, { concurrency })
    const unread = leadsByOffset(client, { max: 40, readAheadBytes: 1_000_000 })
    await once(unread, 'readable')
    await turns(200)
    let count = 0
    for await (const _ of leadsByOffset(client, { max: 40 })) count += 1
    t.equal(count, 400)
    for await (const _ of unread) count += 1
    t.equal(count, 800)
  }
})

t.test(
  'read-ahead: destroyed at any time, a source closes every connection, and nothing else fails',
  async t => {
    const list = Array.from({ length: 2_000 }, (_, n) => ({ guid: `${n}`, text: 'x'.repeat(3_000) }))
    for (let moment = 0; moment < 60; moment += 1) {
      const { origin, server } = await serveLeads(t, list)
      const sockets = watchSockets(server)
      const client = openClient(t, origin, { concurrency: 4 })
      const source = leadsByOffset(client, { max: 20, readAheadBytes: 300_000 })
      source.resume()
      if (moment % 3 === 0) source.pause()
      source.read(0)
      await turns(moment)
      source.destroy()
      if (!source.closed) await once(source, 'close')
      const { decoded, malformed, delivered, rejected, dropped, unused } = source.counts
      t.equal(decoded + malformed, delivered + rejected + dropped + unused, `after ${moment} turns`)
      await client.close()
      // A connection that was just opened may reach the server only now.
      t.equal(await eventually(() => sockets.open.size, 0), 0)
    }
  },
)

t.test('read-ahead: the error of a page is thrown after the leads before it', async t => {
  for (const [spoil, code] of [
    [(response: ServerResponse) => response.writeHead(403).end(), 'AUTH'],
    [(response: ServerResponse) => response.end('<html>'), 'DECODE'],
    [(response: ServerResponse) => response.end('[{"guid":"x"},null]'), 'DECODE'],
  ] as const) {
    const list = someLeads(100)
    const held: (() => void)[] = []
    const { origin } = await listen(t, ({ url }, response) => {
      const offset = Number(parameters(url).get('offset') ?? 0)
      if (offset === 60) {
        // The pages before it are answered only after this one has failed.
        spoil(response)
        for (const answer of held.splice(0)) setImmediate(answer)
        held.push = answer => {
          answer()
          return 0
        }
        return
      }
      const answer = () => response.end(JSON.stringify(list.slice(offset, offset + 10)))
      if (offset >= 40) held.push(answer)
      else answer()
    })
    const client = openClient(t, origin, { concurrency: 3 })
    const guids: unknown[] = []
    const error = await failureOf(async () => {
      for await (const { guid } of leadsByOffset(client, { max: 10, highWaterMark: 1 })) guids.push(guid)
    })
    t.match(error, { code })
    const before = list.slice(0, 60).map(({ guid }) => guid)
    t.strictSame(guids.slice(0, 60), before)
    t.ok(guids.length <= 61)
  }
})
