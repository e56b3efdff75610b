import t from 'tap'
import { operator, run, toArray } from '../../lib/index.ts'

t.test('a function with a name is an operator', async t => {
  const sink = toArray<number>({ max: 9 })
  const twice = operator<number>('twice', (n, emit) => {
    emit(n)
    emit(n)
  })
  const report = await run([1, 2], twice, sink)
  t.strictSame(sink.records, [1, 1, 2, 2])
  t.strictSame(report.operators, [{ name: 'twice', in: 2, out: 4 }])
})

t.test('its own numbers stand in the report', async t => {
  const distinct = operator<number>({
    name: 'distinct',
    create() {
      const seen = new Set<number>()
      let repeats = 0
      return {
        step(n, emit) {
          if (seen.has(n)) repeats += 1
          else emit(n)
          seen.add(n)
        },
        counts: () => ({ repeats }),
      }
    },
  })
  const report = await run([1, 1, 2, 1], distinct, toArray({ max: 9 }))
  t.strictSame(report.operators, [{ name: 'distinct', in: 4, out: 2, repeats: 2 }])
})

t.test('create is called once for each use, also where nothing comes', async t => {
  let created = 0
  const counted = operator<number>({
    name: 'counted',
    create() {
      created += 1
      return { step: (n, emit) => emit(n), flush: emit => emit(created) }
    },
  })
  const sink = toArray<number>({ max: 9 })
  await run([], counted, sink)
  t.strictSame(sink.records, [1])
  t.equal(created, 1)
})

t.test('step, flush and the rest may use `this`', async t => {
  class Held {
    sum = 0
    step(n: number) {
      this.sum += n
    }
    flush(emit: (n: number) => void) {
      emit(this.sum)
    }
    counts() {
      return { sum: this.sum }
    }
  }
  const held = operator<number>({ name: 'held', create: () => new Held() })
  const sink = toArray<number>({ max: 9 })
  const report = await run([1, 2, 3], held, sink)
  t.strictSame(sink.records, [6])
  t.match(report.operators, [{ sum: 6 }])
})

t.test('refuses wrong arguments', async t => {
  for (const [given, message] of [
    [['name'], 'operator() step: expected a function, received undefined'],
    [['name', 'step'], "operator() step: expected a function, received 'step'"],
    [['name', () => {}, 'flush'], "operator() flush: expected a function, received 'flush'"],
    [[], 'operator(): expected a name and a step, or { name, create }, received undefined'],
    [[null], 'operator(): expected a name and a step, or { name, create }, received null'],
    [
      [() => {}],
      'operator(): expected a name and a step, or { name, create }, received [Function (anonymous)]',
    ],
    [[{ name: 'n' }], "operator(): expected a name and a step, or { name, create }, received { name: 'n' }"],
  ] as const) {
    t.throws(() => (operator as (...given: unknown[]) => unknown)(...given), { code: 'OPTION', message })
  }
})
