import t from 'tap'
import { checkPath } from '../../../lib/operators/kernel/checkPath.ts'

t.test('returns a dotted path as it is', async t => {
  for (const path of ['guid', 'crmDetails.status', 'leadConversionEvents.0.formName', ' ', 'é', '0']) {
    t.equal(checkPath('project() path 1', path), path)
  }
})

t.test('refuses what is none, and quotes it', async t => {
  for (const [path, said] of [
    ['', "''"],
    ['.', "'.'"],
    ['a.', "'a.'"],
    ['.a', "'.a'"],
    ['a..b', "'a..b'"],
    [7, '7'],
    [undefined, 'undefined'],
    [null, 'null'],
    [['guid'], "[ 'guid' ]"],
  ] as const) {
    t.throws(() => checkPath('project() path 1', path), {
      code: 'OPTION',
      message: `project() path 1: expected a dotted path, for example "crmDetails.status", received ${said}`,
    })
  }
})
