import fc from 'fast-check'
import t from 'tap'
import { compareIds, idAfter, isRecordId } from '../../lib/crm/recordId.ts'

const id = fc.bigInt({ min: 0n, max: 10n ** 40n }).map(String)

t.test('compareIds: ids of any length compare as numbers', async () => {
  fc.assert(
    fc.property(id, id, (a, b) => {
      const expected = BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
      return Math.sign(compareIds(a, b)) === expected
    }),
  )
})

t.test('idAfter: no id is between an id and the one after it', async t => {
  fc.assert(fc.property(id, a => BigInt(idAfter(a)) === BigInt(a) + 1n))
  t.equal(idAfter('9007199254740993'), '9007199254740994')
})

t.test('isRecordId: decimal digits without leading zeros', async t => {
  for (const text of ['0', '7', '513881705058', '9'.repeat(30)]) t.ok(isRecordId(text), text)
  for (const text of ['', '01', '-1', '1.5', '1e3', ' 1', 'abc', 1, null, undefined])
    t.notOk(isRecordId(text), String(text))
})
