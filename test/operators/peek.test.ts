import t from 'tap'
import { peek } from '../../lib/index.ts'
import { settings } from '../support/settings.ts'

for (const [setting, through] of Object.entries(settings)) {
  t.test(`shows each value, hands it on as it is and ignores what is returned: ${setting}`, async t => {
    const values = [{ n: 1 }, { n: 2 }]
    const seen: unknown[] = []
    const out = await through(values, () => peek(value => seen.push(value)))
    t.strictSame(seen, values)
    t.strictSame(out, values)
    t.equal(out[0], values[0])
  })

  t.test(`waits for what is returned, a promise of any library, before it hands on: ${setting}`, async t => {
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

t.test('refuses a look that is no function', async t => {
  t.throws(() => peek('console.log' as never), {
    code: 'OPTION',
    message: "peek() look: expected a function, received 'console.log'",
  })
})
