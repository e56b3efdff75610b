import { inspect } from 'node:util'
import t from 'tap'
import { errorCodes, LeadpipeError } from '../lib/errors.ts'

t.test('LeadpipeError: the list of codes', async t => {
  t.strictSame(
    [...errorCodes],
    [
      'OPTION',
      'AUTH',
      'RATE_LIMIT',
      'DAILY_LIMIT',
      'HTTP',
      'NETWORK',
      'TIMEOUT',
      'DECODE',
      'PAGING',
      'MISSING',
      'INVALID_LEAD',
      'SOURCE',
      'OPERATOR',
      'SINK',
      'CHECKPOINT',
      'LEDGER',
    ],
  )
})

t.test('LeadpipeError: without options, it has neither cause, context nor report', async t => {
  const error = new LeadpipeError('PAGING', 'no progress')
  t.ok(error instanceof Error)
  t.match(error, {
    name: 'LeadpipeError',
    code: 'PAGING',
    message: 'no progress',
    retryable: false,
    context: {},
  })
  t.notOk('cause' in error)
  t.match(error.stack, /^(LeadpipeError|Error): no progress\n/)
})

t.test('LeadpipeError: it keeps cause, context and retryable', async t => {
  const cause = new Error('why')
  const error = new LeadpipeError('NETWORK', 'gone', { retryable: true, cause, context: { page: 3 } })
  t.equal(error.cause, cause)
  t.equal(error.retryable, true)
  t.strictSame(error.context, { page: 3 })
  t.match(inspect(error), /NETWORK/)
  t.match(inspect(error), /\[cause\]: Error: why/)
})

t.test('LeadpipeError: the cause can be any thrown value, also undefined', async t => {
  for (const cause of [undefined, null, 'a string', 7]) {
    const error = new LeadpipeError('OPERATOR', 'failed', { cause })
    t.ok('cause' in error)
    t.equal(error.cause, cause)
  }
})
