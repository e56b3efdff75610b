import t from 'tap'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { peek } from '../../lib/operators/peek.ts'
import { settings } from '../support/settings.ts'

for (const [setting, through] of Object.entries(settings)) {
  t.test(`filter: keeps values with a true predicate, and undefined counts as false: ${setting}`, async t => {
    const values = [{ ok: true }, { ok: false }, {}, { ok: true, n: 2 }]
    const kept = [{ ok: true }, { ok: true, n: 2 }]
    t.strictSame(await through(values, () => filter((value: { ok?: boolean }) => value.ok)), kept)
    t.strictSame(await through(values, () => filter(async (value: { ok?: boolean }) => value.ok)), kept)
  })

  t.test(`filter: treats any result of an untyped predicate as JavaScript does: ${setting}`, async t => {
    const verdicts = [null, undefined, 0, '', Number.NaN, false, 1, 'yes', {}, [], true, () => false]
    const expected = verdicts.map((verdict, index) => ({ index, verdict })).filter(({ verdict }) => verdict)
    const values = verdicts.map((verdict, index) => ({ index, verdict }))
    t.strictSame(
      await through(values, () => filter((value: { verdict: unknown }) => value.verdict as boolean)),
      expected,
    )
    t.strictSame(
      await through(values, () => filter(async (value: { verdict: unknown }) => value.verdict as boolean)),
      expected,
    )
  })

  t.test(`filter: awaits a promise of any library: ${setting}`, async t => {
    // biome-ignore lint/suspicious/noThenProperty: this is what such a promise looks like.
    const later = (verdict: boolean) => ({ then: (done: (verdict: boolean) => void) => done(verdict) })
    const predicate = (n: number) => later(n > 1) as unknown as Promise<boolean>
    t.strictSame(await through([1, 2, 3], () => filter(predicate)), [2, 3])
  })

  t.test(`filter: emits the same object that it received: ${setting}`, async t => {
    const value = { deep: { down: [1] } }
    const [kept] = await through([value], () => filter(() => true))
    t.equal(kept, value)
  })
}

t.test('filter: a predicate that is not a function is an OPTION error', async t => {
  for (const [predicate, shown] of [
    [undefined, 'undefined'],
    ['isCustomer', "'isCustomer'"],
    [{ isCustomer: true }, '{ isCustomer: true }'],
  ]) {
    t.throws(() => filter(predicate as never), {
      code: 'OPTION',
      message: `filter(): predicate: expected a function, received ${shown}`,
    })
  }
})

for (const [setting, through] of Object.entries(settings)) {
  t.test(
    `map: replaces each value by the result of the function, synchronous or not: ${setting}`,
    async t => {
      const values = [1, 2, 3, 4]
      t.strictSame(await through(values, () => map((n: number) => `${n}`)), ['1', '2', '3', '4'])
      const sometimes = (n: number) => (n % 2 === 0 ? Promise.resolve(n * 10) : n)
      t.strictSame(await through(values, () => map(sometimes)), [1, 20, 3, 40])
    },
  )

  t.test(`map: emits falsy values: ${setting}`, async t => {
    const falsy = [0, '', false, Number.NaN]
    t.strictSame(await through(falsy, () => map(value => value)), falsy)
  })

  t.test(`map: awaits a promise of any library: ${setting}`, async t => {
    // biome-ignore lint/suspicious/noThenProperty: this is what such a promise looks like.
    const later = (n: number) => ({ then: (done: (n: number) => void) => setImmediate(done, n * 2) })
    t.strictSame(
      await through([1, 2], () => map(n => later(n as number) as unknown as Promise<number>)),
      [2, 4],
    )
  })
}

t.test('map: a wrong option is an OPTION error', async t => {
  for (const [options, message] of [
    [{ concurrency: 0 }, 'map(): concurrency: expected an integer from 1 to 1000, received 0'],
    [{ concurrency: 1_001 }, 'map(): concurrency: expected an integer from 1 to 1000, received 1001'],
    [{ concurrency: '8' }, "map(): concurrency: expected an integer from 1 to 1000, received '8'"],
    [{ concurency: 8 }, 'map(): unknown option "concurency"; expected one of concurrency'],
    [8, 'map(): options: expected an object, received 8'],
  ]) {
    t.throws(() => map(value => value, options as never), { code: 'OPTION', message })
  }
  t.doesNotThrow(() => map(value => value, { concurrency: undefined }))
})

t.test('map: a change that is not a function is an OPTION error', async t => {
  for (const [change, shown] of [
    [undefined, 'undefined'],
    [{ email: 'email' }, "{ email: 'email' }"],
  ]) {
    t.throws(() => map(change as never), {
      code: 'OPTION',
      message: `map(): change: expected a function, received ${shown}`,
    })
  }
})

for (const [setting, through] of Object.entries(settings)) {
  t.test(
    `peek: calls look with each value, emits the value unchanged and ignores the result: ${setting}`,
    async t => {
      const values = [{ n: 1 }, { n: 2 }]
      const seen: unknown[] = []
      const out = await through(values, () => peek(value => seen.push(value)))
      t.strictSame(seen, values)
      t.strictSame(out, values)
      t.equal(out[0], values[0])
    },
  )

  t.test(`peek: awaits a promise of any library before it emits the value: ${setting}`, async t => {
    const seen: string[] = []
    const look = (n: number) => ({
      // biome-ignore lint/suspicious/noThenProperty: this is what such a promise looks like.
      then(done: () => void) {
        seen.push(`looked at ${n}`)
        setImmediate(done)
      },
    })
    const wait = () => peek(look)
    t.strictSame(await through([1, 2], wait), [1, 2])
    t.strictSame(seen, ['looked at 1', 'looked at 2'])
  })
}

t.test('peek: a look that is not a function is an OPTION error', async t => {
  t.throws(() => peek('console.log' as never), {
    code: 'OPTION',
    message: "peek(): look: expected a function, received 'console.log'",
  })
})
