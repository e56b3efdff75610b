import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { batchKey } from '../../../lib/sinks/http/body.ts'

t.test('batchKey: it is the SHA-256 of run, position and body', async t => {
  const expected = createHash('sha256').update('run-1\n200\n{"n":1}\n').digest('hex')
  t.equal(batchKey('run-1', 200, Buffer.from('{"n":1}\n')), expected)
  t.match(expected, /^[0-9a-f]{64}$/)
})

t.test('batchKey: it is the same exactly if run, position and body are', async t => {
  const part = fc.tuple(fc.stringMatching(/^[0-9a-z]{1,3}$/), fc.nat(20), fc.stringMatching(/^[0-9\n]{0,3}$/))
  const property = fc.property(part, part, (a, b) => {
    const [left, right] = [a, b].map(([run, position, body]) => batchKey(run, position, Buffer.from(body)))
    const same = a.every((value, index) => value === b[index])
    return (left === right) === same
  })
  t.doesNotThrow(() => fc.assert(property, { numRuns: 500 }))
})
