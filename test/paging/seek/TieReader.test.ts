import t from 'tap'
import { SeekList } from '../../../lib/paging/seek/SeekList.ts'
import { TieReader } from '../../../lib/paging/seek/TieReader.ts'
import { UnorderedElements } from '../../../lib/paging/seek/UnorderedElements.ts'
import { elementOf, nameOf } from '../../support/elementOf.ts'

const hex = (n: number) => String(n).padStart(4, '0')
const named = (count: number) => Array.from({ length: count }, (_, n) => hex(n))

function reading(max: number, after?: { guid: string; tie: number }) {
  const reader = new TieReader(new SeekList({ max }), 7, new UnorderedElements(), after)
  const came: string[] = []
  const page = (elements: readonly (object | string)[]) => {
    for (const element of elements) {
      if (reader.take(elementOf(element), one => came.push(nameOf(one))) === 'enough') break
    }
    return reader.finish(elements.length)
  }
  return { reader, came, page }
}

const at = (guid: string, insertedAt = 7) => ({ guid, insertedAt })

/** Reads a list that may change before each request; how many requests that took. */
function readAll(list: string[], max: number, change: (request: number) => void = () => {}) {
  const { reader, came, page } = reading(max)
  for (let request = 1; request < 2_000; request += 1) {
    const { offset = 0 } = reader.next()
    change(request)
    if (page(list.slice(offset, offset + max).map(guid => at(guid)))) return { came, requests: request }
  }
  throw new Error('it asks without end')
}

t.test('every lead comes once, by guid, in pages that overlap by one', async t => {
  for (const [count, max] of [
    [1, 4],
    [4, 4],
    [5, 4],
    [100, 10],
    [101, 100],
  ] as const) {
    const { came, requests } = readAll(named(count), max)
    t.strictSame(came, named(count))
    t.ok(requests <= count / (max - 1) + 2, `${requests} requests for ${count} by ${max}`)
  }
})

t.test('a page that does not begin with a lead that is known shows a gap: it steps back', async t => {
  const list = named(40)
  const deleted = new Set<string>()
  const { came } = readAll(list, 10, request => {
    if (request > 6) return
    for (const guid of list.splice(0, 3)) deleted.add(guid)
  })
  t.strictSame(
    came.filter(guid => !deleted.has(guid)),
    named(40).filter(guid => !deleted.has(guid)),
  )
  t.equal(new Set(came).size, came.length)
})

t.test('how far it steps back doubles as long as there is a gap', async t => {
  const { reader, page } = reading(10)
  reader.next()
  page(named(10).map(guid => at(guid)))
  const offsets: unknown[] = []
  for (let n = 0; n < 4; n += 1) {
    offsets.push(reader.next().offset)
    page([at('9000')])
  }
  t.strictSame(offsets, [9, 8, 6, 2])
})

t.test('leads that are inserted in front do not stop it', async t => {
  const list = named(30).map(guid => `5${guid}`)
  const { came } = readAll(list, 6, request => {
    if (request <= 20) list.unshift(`0${hex(100 - request)}`)
  })
  t.strictSame(
    came.filter(guid => guid.startsWith('5')),
    named(30).map(guid => `5${guid}`),
  )
})

t.test('leads of a neighbouring time are left out', async t => {
  const { reader, came, page } = reading(4)
  t.match(reader.next(), { startTime: 6, stopTime: 8 })
  page([at('a', 6), at('b'), at('c', 8), at('d')])
  t.strictSame(came, ['b', 'd'])
  t.match(reader.next(), { startTime: 7, stopTime: 7 }, 'and both bounds are known to be included')
})

t.test('it goes on behind a guid, near where that stood', async t => {
  const { reader, came, page } = reading(4, { guid: 'b', tie: 11 })
  t.match(reader.next(), { offset: 11 })
  page([at('a'), at('b'), at('c'), at('d')])
  t.strictSame(came, ['c', 'd'])
})

t.test('what has no guid, or a guid and no time, comes once', async t => {
  const { reader, came, page } = reading(5)
  const noGuid = { insertedAt: 7, n: 1 }
  reader.next()
  page([noGuid, 'x!', at('a'), { guid: 'b', insertedAt: 'soon' }, at('c')])
  reader.next()
  page([noGuid, 'x!', at('c'), { guid: 'c2', insertedAt: 7.5 }, at('d')])
  t.strictSame(came, [JSON.stringify(noGuid), 'x!', 'a', 'b', 'c', 'c2', 'd'])
})

t.test('an order that is none is PAGING', async t => {
  const { reader, page } = reading(4)
  reader.next()
  t.throws(() => page([at('b'), at('a')]), {
    code: 'PAGING',
    message:
      /^the list is not in the order of guid: a comes after b; set paging to 'offset' to read this list$/,
  })
})

t.test('more without a guid than can be told apart is PAGING', async t => {
  const { reader, page } = reading(100)
  reader.next()
  const many = Array.from({ length: 1_001 }, (_, n) => ({ insertedAt: 7, n }))
  t.throws(() => page(many), { code: 'PAGING', message: /^too many leads of the time 7 have no guid/ })
})

t.test('a server that always shows a gap is given up', async t => {
  const { reader, page } = reading(4, { guid: 'a', tie: 9 })
  t.throws(
    () => {
      for (let n = 0; n < 500; n += 1) {
        reader.next()
        page([at('z', 900), at('zz', 900), at('zzz', 900), at('zzzz', 900)])
      }
    },
    { code: 'PAGING', message: /100 pages for the time 7 had no new lead/ },
  )
})

t.test('a page that broke off is no end; what came of it is progress', async t => {
  const { reader, came } = reading(4)
  reader.next()
  t.notOk(reader.interrupt(0))
  reader.next()
  for (const guid of ['a', 'b']) reader.take(elementOf(at(guid)), one => came.push(nameOf(one)))
  t.ok(reader.interrupt(2))
  t.match(reader.next(), { offset: 1 })
  t.strictSame(came, ['a', 'b'])
})
