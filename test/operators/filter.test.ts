import t from 'tap'
import { filter } from '../../lib/index.ts'
import { settings } from '../support/settings.ts'

for (const [setting, through] of Object.entries(settings)) {
  t.test(`keeps what the predicate is true for, and a missing field counts as false: ${setting}`, async t => {
    const values = [{ ok: true }, { ok: false }, {}, { ok: true, n: 2 }]
    const kept = [{ ok: true }, { ok: true, n: 2 }]
    t.strictSame(await through(values, () => filter((value: { ok?: boolean }) => value.ok)), kept)
    t.strictSame(await through(values, () => filter(async (value: { ok?: boolean }) => value.ok)), kept)
  })

  t.test(`judges as JavaScript does, whatever an untyped predicate returns: ${setting}`, async t => {
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

  t.test(`waits for a promise of any library: ${setting}`, async t => {
    // biome-ignore lint/suspicious/noThenProperty: this is what such a promise looks like.
    const later = (verdict: boolean) => ({ then: (done: (verdict: boolean) => void) => done(verdict) })
    const predicate = (n: number) => later(n > 1) as unknown as Promise<boolean>
    t.strictSame(await through([1, 2, 3], () => filter(predicate)), [2, 3])
  })

  t.test(`hands on the very object that came: ${setting}`, async t => {
    const value = { deep: { down: [1] } }
    const [kept] = await through([value], () => filter(() => true))
    t.equal(kept, value)
  })
}

t.test('refuses a predicate that is no function', async t => {
  for (const [predicate, said] of [
    [undefined, 'undefined'],
    ['isCustomer', "'isCustomer'"],
    [{ isCustomer: true }, '{ isCustomer: true }'],
  ]) {
    t.throws(() => filter(predicate as never), {
      code: 'OPTION',
      message: `filter() predicate: expected a function, received ${said}`,
    })
  }
})
