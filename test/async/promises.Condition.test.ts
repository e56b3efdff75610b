import t from 'tap'
import { Condition } from '../../lib/async/promises.ts'
import { turns } from '../support/turns.ts'

t.test('Condition: until resolves at once if its predicate is true', async t => {
  let calls = 0
  await new Condition().until(() => {
    calls += 1
    return true
  })
  t.equal(calls, 1)
})

t.test(
  'Condition: each wait ends when its own predicate is true, and predicates are called only by notify',
  async t => {
    const condition = new Condition()
    const ended: string[] = []
    let value = 0
    let calls = 0
    const wait = (name: string, least: number) =>
      condition
        .until(() => {
          calls += 1
          return value >= least
        })
        .then(() => ended.push(name))
    const all = Promise.all([wait('one', 1), wait('two', 2), wait('also one', 1)])
    value = 1
    await turns(2)
    t.strictSame([ended, calls], [[], 3])
    condition.notify()
    await turns(2)
    t.strictSame([ended, calls], [['one', 'also one'], 6])
    value = 2
    condition.notify()
    await all
    t.strictSame(ended, ['one', 'also one', 'two'])
  },
)
