import fc from 'fast-check'
import t from 'tap'
import { SubmissionsPager } from '../../../lib/paging/crm/SubmissionsPager.ts'
import { Rejected } from '../../../lib/stage/Rejected.ts'
import { failureOf } from '../../support/failureOf.ts'
import { type Row, readForm, type Step, SubmissionServer } from '../../support/SubmissionServer.ts'

const always = { since: 0, until: Number.POSITIVE_INFINITY }
const minute = 60_000

/** A row with a number; every third one has no conversionId. */
const rowOf = (number: number, submittedAt: number): Row => ({
  ...(number % 3 === 0 ? {} : { conversionId: `c${number}` }),
  submittedAt,
  values: [{ name: 'n', value: String(number) }],
})

const numberOf = ({ values }: Row) => Number(values[0]?.value)
const numbersOf = (rows: readonly Row[]) => rows.map(numberOf)

/** Rows at these times, numbered from `first`. */
const rowsAt = (times: readonly number[], first = 0) => times.map((time, index) => rowOf(first + index, time))

/** Times that are close together, so that some are equal. */
const times = fc
  .array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 })
  .map(all => all.map(n => n * minute))

const until = 50 * minute

/** Steps whose rows arrive at `earliest` or later. */
const stepsFrom = (earliest: number) =>
  fc
    .array(
      fc.record(
        {
          arrivals: fc.array(fc.integer({ min: earliest, max: 60 }), { maxLength: 8 }),
          size: fc.integer({ min: 0, max: 7 }),
          cut: fc.integer({ min: 0, max: 6 }),
          kill: fc.integer({ min: 0, max: 7 }),
        },
        { requiredKeys: ['arrivals', 'size'] },
      ),
      { maxLength: 80 },
    )
    .map(steps => {
      let first = 1_000
      return steps.map(({ arrivals, size, ...rest }): Step => {
        const inserts = rowsAt(
          arrivals.map(n => n * minute),
          first,
        )
        first += inserts.length
        return { ...rest, inserts, size }
      })
    })

t.test(
  'the submissions of a form: each one from before the start is read once, whatever arrives meanwhile',
  async t => {
    fc.assert(
      fc.property(times, stepsFrom(50), fc.integer({ min: 0, max: 45 }), (before, steps, from) => {
        const rows = rowsAt(before)
        const since = from * minute
        const read = readForm(new SubmissionServer(rows), { since, until }, steps)
        const wanted = rows.filter(({ submittedAt }) => submittedAt >= since)
        t.strictSame(
          numbersOf(read).toSorted((a, b) => a - b),
          numbersOf(wanted).toSorted((a, b) => a - b),
        )
      }),
      { numRuns: 500 },
    )
  },
)

t.test(
  'the submissions of a form: those that arrive late, with an older time, change nothing for the others',
  async t => {
    fc.assert(
      fc.property(times, stepsFrom(1), (before, steps) => {
        const rows = rowsAt(before)
        const read = numbersOf(readForm(new SubmissionServer(rows), { since: 0, until }, steps))
        t.equal(new Set(read).size, read.length, 'none twice')
        t.ok(numbersOf(rows).every(number => read.includes(number)))
      }),
      { numRuns: 300 },
    )
  },
)

t.test(
  'the submissions of a form: after a restart, each is read once, although others were deleted',
  async t => {
    fc.assert(
      fc.property(times, fc.nat(60), fc.array(fc.boolean(), { maxLength: 60 }), (before, kill, deleted) => {
        const server = new SubmissionServer(rowsAt(before))
        const all = numbersOf(server.rows)
        const pager = new SubmissionsPager({ id: 'form' }, always)
        const first: number[] = []
        let place = {}
        for (const row of server.rows.slice(0, kill)) {
          const value = { ...row, formGuid: '' }
          pager.take({ value, raw: JSON.stringify(row) }, (_, { rows }) => {
            first.push(numberOf(row))
            place = {
              recent: Object.fromEntries(rows.rows.map(({ key, time }) => [key, time])),
              oldest: rows.oldest,
            }
          })
        }
        if (first.length === 0) return
        server.rows = server.rows.filter((_, index) => !deleted[index])
        // The page of an offset that was right before.
        const rest = numbersOf(readForm(server, always, [], { ...place, after: `o${Math.max(0, kill - 3)}` }))
        const left = new Set(numbersOf(server.rows))
        t.strictSame(
          rest,
          all.slice(first.length).filter(number => left.has(number)),
        )
      }),
      { numRuns: 300 },
    )
  },
)

t.test('the submissions of a form: deleted ones take none out of a page that is requested again', async t => {
  const rows = rowsAt(Array.from({ length: 30 }, (_, n) => (30 - n) * minute))
  for (const deletes of [1, 3, 9, 13]) {
    const read = readForm(new SubmissionServer(rows), always, [
      { inserts: [], size: 10 },
      { inserts: [], size: 10, cut: 3 },
      { inserts: [], size: 10, deletes },
    ])
    t.strictSame(numbersOf(read), numbersOf(rows), `${deletes} deleted`)
  }
})

t.test('the submissions of a form: thousands that arrive between two requests are recognised', async t => {
  const rows = rowsAt(Array.from({ length: 4_000 }, (_, n) => n * minute))
  const bounds = { since: 0, until: 4_000 * minute }
  const later = rowsAt(
    Array.from({ length: 2_600 }, (_, n) => (5_000 + n) * minute),
    10_000,
  )
  const steps = Array.from({ length: 60 }, (_, n) => ({ inserts: n === 59 ? later : [], size: 50 }))
  const server = new SubmissionServer(rows)
  const read = readForm(server, bounds, steps)
  t.strictSame(numbersOf(read), numbersOf(rows.toReversed()))
  t.equal(server.requests, 80 + 2_600 / 50)
})

t.test('the submissions of a form: three thousand of one millisecond are all read', async t => {
  const rows = rowsAt(Array.from({ length: 3_000 }, () => 5))
  const inserts = rowsAt([9, 9, 9], 5_000)
  const steps = Array.from({ length: 40 }, () => ({ inserts, size: 50 }))
  const read = numbersOf(readForm(new SubmissionServer(rows), { since: 0, until: 8 }, steps))
  t.equal(read.length, 3_000)
  t.equal(new Set(read).size, 3_000)
})

t.test('the submissions of a form: more of one millisecond than are remembered are PAGING', async t => {
  const server = new SubmissionServer(rowsAt(Array.from({ length: 22_500 }, () => 5)))
  t.match(await failureOf(() => readForm(server, always)), {
    code: 'PAGING',
    message: /expected the newest first, received one of 5 after one of 5$/,
  })
  t.ok(server.requests > 400, 'after at least 20,000')
})

t.test('the submissions of a form: `since` ends the reading at the first page with an older one', async t => {
  const rows = rowsAt(Array.from({ length: 1_000 }, (_, n) => n * 10 * minute))
  const server = new SubmissionServer(rows)
  const read = readForm(server, { ...always, since: 920 * 10 * minute })
  t.equal(read.length, 80)
  t.equal(server.requests, 2)
})

t.test('the submissions of a form: a page with rows before `since` may be requested again', async t => {
  const server = new SubmissionServer(rowsAt([60, 58, 50, 10].map(n => n * minute)))
  const read = readForm(server, { ...always, since: 58 * minute }, [{ inserts: [], size: 5, cut: 3 }])
  t.strictSame(numbersOf(read), [0, 1])
})

t.test('the submissions of a form: an empty page with a cursor is not the end', async t => {
  const server = new SubmissionServer(rowsAt([3, 2, 1]))
  const steps = [{ inserts: [], size: 1 }, ...Array.from({ length: 1 }, () => ({ inserts: [], size: 2 }))]
  const pager = new SubmissionsPager({ id: 'form' }, always)
  pager.next(1)
  pager.finish(0, () => {}, { paging: { next: { after: 'x' } } })
  t.strictSame(pager.next(1), { max: 50, form: 'form', after: 'x' })
  t.equal(readForm(server, always, steps).length, 3)
})

/** The rows of a list that the server returns in this order, in pages of `size`. */
function readInOrder(order: readonly number[], since: number, size = 10): Row[] {
  const server = new SubmissionServer([])
  server.rows = rowsAt(order.map(n => n * minute))
  const steps = Array.from({ length: order.length }, () => ({ inserts: [], size }))
  return readForm(server, { ...always, since }, steps)
}

t.test(
  'the submissions of a form: oldest first is PAGING if there is a `since`, and does not matter without',
  async t => {
    const order = Array.from({ length: 500 }, (_, n) => n)
    t.strictSame(numbersOf(readInOrder(order, 0)), order)
    for (const since of [5, 30, 400])
      t.match(await failureOf(() => readInOrder(order, since * minute)), {
        code: 'PAGING',
        message:
          /^the submissions of form form: expected the newest first, received one of \d+ after one of /,
        context: { formGuid: 'form' },
      })
  },
)

t.test('the submissions of a form: an order that can no longer be checked is PAGING', async t => {
  const order = Array.from({ length: 2_500 }, (_, n) => n)
  t.match(await failureOf(() => readInOrder(order, 0, 50)), { code: 'PAGING' })
  const shuffled = [...order.slice(1_200).toReversed(), ...order.slice(0, 1_200).toReversed()]
  t.equal(readInOrder(shuffled, 0, 50).length, 2_500)
  const broken = [...shuffled.slice(0, 2_200), 5_000, ...shuffled.slice(2_200)]
  t.match(await failureOf(() => readInOrder(broken, 0, 50)), { code: 'PAGING' })
})

t.test('the submissions of a form: a few minutes out of order do not matter', async t => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 60, maxLength: 60 }), late => {
      const order = Array.from({ length: 60 }, (_, n) => 200 - 2 * n)
      const moved = order.map((time, n) => ({ time, place: time - (late[n] ?? 0) }))
      const listed = moved.toSorted((a, b) => b.place - a.place).map(({ time }) => time)
      const read = readInOrder(listed, 150 * minute, 7)
      t.equal(read.length, 26)
    }),
  )
})

t.test('the submissions of a form: a row without a time is delivered once, with its neighbours', async t => {
  const server = new SubmissionServer(rowsAt([30, 20, 10]))
  server.rows.splice(1, 0, { values: [{ name: 'n', value: '99' }] } as unknown as Row)
  const read = readForm(server, always, [
    { inserts: [], size: 3, cut: 2 },
    { inserts: [], size: 2 },
  ])
  t.strictSame(numbersOf(read), [0, 99, 1, 2])
})

t.test('the submissions of a form: an element that is not one is delivered once', async t => {
  const pager = new SubmissionsPager({ id: 'form' }, always)
  const value = new Rejected('not a lead', 'it is null', 'null', { page: 1, element: 0, byte: 0 })
  const emitted: unknown[] = []
  for (const _ of [1, 2]) {
    pager.next(1)
    pager.take({ value, raw: 'null' }, element => emitted.push(element.value))
    pager.interrupt()
  }
  t.match(emitted, [
    { problem: 'not a lead', message: 'the submissions of form form: it is null', raw: 'null' },
  ])
  t.equal(emitted.length, 1)
})

t.test('the submissions of a form: a page that is cut off again and again is no progress', async t => {
  const rows = rowsAt([3, 2, 1])
  const pager = new SubmissionsPager({ id: 'form' }, { since: 2, until: 9 })
  const outcomes = [1, 2].map(() => {
    pager.next(1)
    for (const row of rows) pager.take({ value: { ...row, formGuid: '' }, raw: undefined }, () => {})
    return pager.interrupt()
  })
  t.strictSame(outcomes, [true, false])
})

t.test(
  'the submissions of a form: a cursor that comes again, in a circle of any length, is PAGING',
  async t => {
    for (const length of [1, 2, 3, 7]) {
      const pager = new SubmissionsPager({ id: 'form' }, always)
      let page = 0
      const follow = () => {
        for (; page < 100; page += 1) {
          pager.next(1)
          pager.finish(0, () => {}, {
            paging: { next: { after: `c${page < 5 ? page : 5 + (page % length)}` } },
          })
        }
      }
      t.match(await failureOf(follow), { code: 'PAGING', message: /the portal sent the cursor 'c\d' again/ })
      t.ok(page < 40)
    }
    const pager = new SubmissionsPager({ id: 'form' }, always)
    t.match(await failureOf(() => pager.finish(0, () => {}, { paging: { next: { after: true } } })), {
      code: 'PAGING',
      message: /expected a cursor at paging\.next\.after, received true/,
    })
  },
)
