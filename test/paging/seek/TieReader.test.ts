import fc from 'fast-check'
import t from 'tap'
import { SeekList } from '../../../lib/paging/seek/SeekList.ts'
import { TieReader } from '../../../lib/paging/seek/TieReader.ts'
import { UnorderedElements } from '../../../lib/paging/seek/UnorderedElements.ts'
import { elementOf, nameOf } from '../../support/elementOf.ts'

const hex = (n: number) => String(n).padStart(4, '0')
const named = (count: number) => Array.from({ length: count }, (_, n) => hex(n))

function reading(max: number, after?: { guid: string; tie: number }, isLarge = false) {
  const reader = new TieReader(new SeekList({ max }), 7, new UnorderedElements(), { after, isLarge })
  const delivered: string[] = []
  const page = (elements: readonly (object | string)[]) => {
    for (const element of elements) {
      if (reader.take(elementOf(element), one => delivered.push(nameOf(one))) === 'enough') break
    }
    return reader.finish(elements.length, one => delivered.push(nameOf(one)))
  }
  return { reader, delivered, page }
}

const at = (guid: string, insertedAt = 7) => ({ guid, insertedAt })

/** Reads a list that may change before each request; returns the leads and the number of requests. */
function readAll(list: string[], max: number, change: (request: number) => void = () => {}) {
  const { reader, delivered, page } = reading(max)
  for (let request = 1; request < 2_000; request += 1) {
    const { offset = 0 } = reader.next(Number.POSITIVE_INFINITY)
    change(request)
    if (page(list.slice(offset, offset + max).map(guid => at(guid)))) return { delivered, requests: request }
  }
  throw new Error('the requests do not end')
}

t.test('TieReader: every lead is delivered once, by guid, from pages that overlap by one', async t => {
  for (const [count, max] of [
    [1, 4],
    [4, 4],
    [5, 4],
    [100, 10],
    [101, 100],
  ] as const) {
    const { delivered, requests } = readAll(named(count), max)
    t.strictSame(delivered, named(count))
    t.ok(requests <= count / (max - 1) + 2, `${requests} requests for ${count} by ${max}`)
  }
})

t.test('TieReader: a page that does not begin with a known lead is a gap, and it steps back', async t => {
  const list = named(40)
  const deleted = new Set<string>()
  const { delivered } = readAll(list, 10, request => {
    if (request > 6) return
    for (const guid of list.splice(0, 3)) deleted.add(guid)
  })
  t.strictSame(
    delivered.filter(guid => !deleted.has(guid)),
    named(40).filter(guid => !deleted.has(guid)),
  )
  t.equal(new Set(delivered).size, delivered.length)
})

t.test('TieReader: the step back doubles while there is a gap', async t => {
  const { reader, page } = reading(10)
  reader.next(Number.POSITIVE_INFINITY)
  page(named(10).map(guid => at(guid)))
  const offsets: unknown[] = []
  for (let n = 0; n < 4; n += 1) {
    offsets.push(reader.next(Number.POSITIVE_INFINITY).offset)
    page([at('9000')])
  }
  t.strictSame(offsets, [9, 8, 6, 2])
})

t.test('TieReader: leads that are inserted before its place do not stop it', async t => {
  const list = named(30).map(guid => `5${guid}`)
  const { delivered } = readAll(list, 6, request => {
    if (request <= 20) list.unshift(`0${hex(100 - request)}`)
  })
  t.strictSame(
    delivered.filter(guid => guid.startsWith('5')),
    named(30).map(guid => `5${guid}`),
  )
})

t.test('TieReader: leads of a neighbouring time are left out', async t => {
  const { reader, delivered, page } = reading(4)
  t.match(reader.next(Number.POSITIVE_INFINITY), { startTime: 6, stopTime: 8 })
  page([at('a', 6), at('b'), at('c', 8), at('d')])
  t.strictSame(delivered, ['b', 'd'])
  t.match(
    reader.next(Number.POSITIVE_INFINITY),
    { startTime: 7, stopTime: 7 },
    'both bounds are known to be inclusive',
  )
})

t.test('TieReader: it resumes after a guid, at the offset of that guid', async t => {
  const { reader, delivered, page } = reading(4, { guid: 'b', tie: 11 })
  t.match(reader.next(Number.POSITIVE_INFINITY), { offset: 11 })
  page([at('a'), at('b'), at('c'), at('d')])
  t.strictSame(delivered, ['c', 'd'])
})

t.test(
  'TieReader: elements without a guid, and those with a guid and no time, are delivered once',
  async t => {
    const { reader, delivered, page } = reading(5)
    const noGuid = { insertedAt: 7, n: 1 }
    reader.next(Number.POSITIVE_INFINITY)
    page([noGuid, 'x!', at('a'), { guid: 'b', insertedAt: 'soon' }, at('c')])
    reader.next(Number.POSITIVE_INFINITY)
    page([noGuid, 'x!', at('c'), { guid: 'c2', insertedAt: 7.5 }, at('d')])
    t.strictSame(delivered, [JSON.stringify(noGuid), 'x!', 'a', 'b', 'c', 'c2', 'd'])
  },
)

t.test('TieReader: a list that is not in order is PAGING', async t => {
  const { reader, page } = reading(4)
  reader.next(Number.POSITIVE_INFINITY)
  t.throws(() => page([at('b'), at('a')]), {
    code: 'PAGING',
    message:
      /^the list is not in the order of guid: a comes after b; set paging to 'offset' to read this list$/,
  })
})

t.test('TieReader: more elements without a guid than can be told apart are PAGING', async t => {
  const { reader, page } = reading(100)
  reader.next(Number.POSITIVE_INFINITY)
  const many = Array.from({ length: 1_001 }, (_, n) => ({ insertedAt: 7, n }))
  t.throws(() => page(many), { code: 'PAGING', message: /^too many leads of the time 7 have no guid/ })
})

t.test('TieReader: a server that always shows a gap is PAGING after 100 pages', async t => {
  const { reader, page } = reading(4, { guid: 'a', tie: 9 })
  t.throws(
    () => {
      for (let n = 0; n < 500; n += 1) {
        reader.next(Number.POSITIVE_INFINITY)
        page([at('z', 900), at('zz', 900), at('zzz', 900), at('zzzz', 900)])
      }
    },
    { code: 'PAGING', message: /100 pages for the time 7 had no new lead/ },
  )
})

t.test('TieReader: a broken page is not the end, and its elements count as progress', async t => {
  const { reader, delivered } = reading(4)
  reader.next(Number.POSITIVE_INFINITY)
  t.notOk(reader.interrupt(0))
  reader.next(Number.POSITIVE_INFINITY)
  for (const guid of ['a', 'b']) reader.take(elementOf(at(guid)), one => delivered.push(nameOf(one)))
  t.ok(reader.interrupt(2))
  t.match(reader.next(Number.POSITIVE_INFINITY), { offset: 1 })
  t.strictSame(delivered, ['a', 'b'])
})

/** Reads a large tie; returns its leads, and the direction of each request. */
function readLarge(list: string[], max: number) {
  const { reader, delivered, page } = reading(max, undefined, true)
  const directions: string[] = []
  for (let request = 1; request < 2_000; request += 1) {
    const { offset = 0, dir = '' } = reader.next(Number.POSITIVE_INFINITY)
    directions.push(dir)
    const order = dir === 'desc' ? list.toReversed() : list
    if (page(order.slice(offset, offset + max).map(guid => at(guid)))) return { delivered, directions }
  }
  throw new Error('it requests pages without end')
}

t.test('TieReader: of a large tie, the end is read first, and no request proves it', async t => {
  const { delivered, directions } = readLarge(named(250), 100)
  t.strictSame(delivered, named(250))
  t.strictSame(directions, ['desc', 'asc', 'asc'])
})

t.test('TieReader: if no more leads are wanted than fit into a page, the end is not read', async t => {
  const { reader } = reading(10, undefined, true)
  t.match(reader.next(10), { dir: 'asc' })
})

t.test('TieReader: an empty page in descending order proves that the tie is gone', async t => {
  const { reader, page } = reading(10, undefined, true)
  reader.next(Number.POSITIVE_INFINITY)
  t.equal(page([]), true)
})

t.test('TieReader: a part of the end is an end, and one of nothing is requested again', async t => {
  const { reader, delivered, page } = reading(10, undefined, true)
  reader.next(Number.POSITIVE_INFINITY)
  t.equal(reader.interrupt(0), false)
  t.match(reader.next(Number.POSITIVE_INFINITY), { dir: 'desc' })
  for (const guid of ['0009', '0008'])
    reader.take(elementOf(at(guid)), () => t.fail('it is delivered too early'))
  t.equal(reader.interrupt(2), true)
  t.match(reader.next(Number.POSITIVE_INFINITY), { dir: 'asc' })
  t.equal(page(named(8).map(guid => at(guid))), false, 'nothing is known of 0007 to 0008')
  reader.next(Number.POSITIVE_INFINITY)
  t.equal(page(['0007', '0008'].map(guid => at(guid))), true)
  t.strictSame(delivered, named(10))
})

t.test(
  'TieReader: one lead alone in descending order proves nothing, the server may ignore the direction',
  async t => {
    const { reader, delivered, page } = reading(10, undefined, true)
    reader.next(Number.POSITIVE_INFINITY)
    page([at('0000')])
    reader.next(Number.POSITIVE_INFINITY)
    t.equal(page([at('0000'), at('0001')]), false)
    reader.next(Number.POSITIVE_INFINITY)
    page([at('0001'), at('0002')])
    t.strictSame(delivered, named(3))
  },
)

t.test('TieReader: elements without a guid at the end of a large tie come once', async t => {
  const { reader, delivered, page } = reading(5, undefined, true)
  const noGuid = { insertedAt: 7, n: 1 }
  reader.next(Number.POSITIVE_INFINITY)
  page([at('e'), 'x!', at('d'), noGuid, at('c')])
  reader.next(Number.POSITIVE_INFINITY)
  t.equal(page([at('a'), at('b'), at('c'), noGuid, at('d')]), true)
  t.strictSame(delivered, ['a', 'b', 'c', JSON.stringify(noGuid), 'd', 'x!', 'e'])
})

t.test(
  'TieReader: every lead that is there throughout comes once, in order, whatever the server does',
  async t => {
    const scenario = fc.record({
      count: fc.integer({ min: 0, max: 60 }),
      max: fc.integer({ min: 2, max: 12 }),
      caps: fc.array(fc.integer({ min: 2, max: 12 }), { minLength: 1, maxLength: 5 }),
      descends: fc.boolean(),
      deletes: fc.array(fc.nat(59), { maxLength: 20 }),
      inserts: fc.array(fc.nat(59), { maxLength: 10 }),
    })
    const property = fc.property(scenario, ({ count, max, caps, descends, deletes, inserts }) => {
      const list = named(count)
      const { reader, delivered, page } = reading(max, undefined, true)
      for (let request = 0; ; request += 1) {
        if (request > 2_000) throw new Error('it requests pages without end')
        const { offset = 0, dir } = reader.next(Number.POSITIVE_INFINITY)
        const [gone, added] = [deletes[request], inserts[request]]
        if (gone !== undefined) list.splice(gone, 1)
        if (added !== undefined) list.push(`${hex(added)}+${request}`)
        list.sort()
        const order = dir === 'desc' && descends ? list.toReversed() : list
        const cap = Math.min(max, caps[request % caps.length] as number)
        if (page(order.slice(offset, offset + cap).map(guid => at(guid)))) break
      }
      if (delivered.some((guid, n) => n > 0 && guid <= (delivered[n - 1] as string)))
        throw new Error(`order: ${delivered}`)
      const missing = list.filter(guid => !guid.includes('+') && !delivered.includes(guid))
      if (missing.length > 0) throw new Error(`missing: ${missing}`)
    })
    t.doesNotThrow(() => fc.assert(property, { numRuns: 2_000 }))
  },
)
