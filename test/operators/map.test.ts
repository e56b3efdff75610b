import t from 'tap'
import { map } from '../../lib/index.ts'
import { settings } from '../support/settings.ts'

for (const [setting, through] of Object.entries(settings)) {
  t.test(`replaces each value by what the function returns, now or later: ${setting}`, async t => {
    const values = [1, 2, 3, 4]
    t.strictSame(await through(values, () => map((n: number) => `${n}`)), ['1', '2', '3', '4'])
    const sometimes = (n: number) => (n % 2 === 0 ? Promise.resolve(n * 10) : n)
    t.strictSame(await through(values, () => map(sometimes)), [1, 20, 3, 40])
  })

  t.test(`values that count as false are values: ${setting}`, async t => {
    const falsy = [0, '', false, Number.NaN]
    t.strictSame(await through(falsy, () => map(value => value)), falsy)
  })

  t.test(`a promise of any library is waited for and not taken for the value: ${setting}`, async t => {
    // biome-ignore lint/suspicious/noThenProperty: this is what such a promise looks like.
    const later = (n: number) => ({ then: (done: (n: number) => void) => setImmediate(done, n * 2) })
    t.strictSame(
      await through([1, 2], () => map(n => later(n as number) as unknown as Promise<number>)),
      [2, 4],
    )
  })
}

t.test('refuses a change that is no function', async t => {
  for (const [change, said] of [
    [undefined, 'undefined'],
    [{ email: 'email' }, "{ email: 'email' }"],
  ]) {
    t.throws(() => map(change as never), {
      code: 'OPTION',
      message: `map() change: expected a function, received ${said}`,
    })
  }
})
