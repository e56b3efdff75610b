import t from 'tap'
import { Condition } from '../../lib/async/promises.ts'
import { turns } from '../support/turns.ts'

t.test('a condition that holds is not waited for', async t => {
  let asked = 0
  await new Condition().until(() => {
    asked += 1
    return true
  })
  t.equal(asked, 1)
})

t.test('each that waits goes on when its own condition holds, and asks only when it is notified', async t => {
  const condition = new Condition()
  const ended: string[] = []
  let value = 0
  let asked = 0
  const wait = (name: string, least: number) =>
    condition
      .until(() => {
        asked += 1
        return value >= least
      })
      .then(() => ended.push(name))
  const all = Promise.all([wait('one', 1), wait('two', 2), wait('also one', 1)])
  value = 1
  await turns(2)
  t.strictSame([ended, asked], [[], 3])
  condition.notify()
  await turns(2)
  t.strictSame([ended, asked], [['one', 'also one'], 6])
  value = 2
  condition.notify()
  await all
  t.strictSame(ended, ['one', 'also one', 'two'])
})
