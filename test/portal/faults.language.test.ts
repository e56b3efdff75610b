import { deepStrictEqual, ok } from 'node:assert'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { policies } from '../../lib/portal/faults/Fault.ts'
import { checkFaults } from '../../lib/portal/faults/language/checkFaults.ts'
import { conditions } from '../../lib/portal/faults/language/conditions.ts'
import { kinds } from '../../lib/portal/faults/language/kinds.ts'
import { writeRule } from '../../lib/portal/faults/language/writeRule.ts'
import { type FaultRule, type FaultWhen, PortalError, parseFaults } from '../../lib/portal/index.ts'
import { root } from '../support/root.ts'

const portalFile = (path: string) => readFileSync(`${root}lib/portal/${path}`, 'utf8')

t.test('parseFaults: rules as text are the same as rules as objects', async t => {
  const reset = { kind: 'reset' } as const
  const cases: [text: string, rules: FaultRule[]][] = [
    ['', []],
    [' ; \n;', []],
    ['*:reset', [{ when: {}, fault: reset }]],
    ['#3:reset', [{ when: { request: 3 }, fault: reset }]],
    ['#2,5-7,10-:reset', [{ when: { request: [2, { from: 5, to: 7 }, { from: 10 }] }, fault: reset }]],
    ['page=4-:reset', [{ when: { page: { from: 4 } }, fault: reset }]],
    [
      'page=first x1:reset;page=last:reset',
      [
        { when: { page: 'first', times: 1 }, fault: reset },
        { when: { page: 'last' }, fault: reset },
      ],
    ],
    [
      ' PUT  /leads/v1/lead/ \t every=2 0.5% : stall = 0.25 ; ',
      [
        {
          when: { method: 'PUT', path: '/leads/v1/lead/', every: 2, share: 0.005 },
          fault: { kind: 'stall', at: 0.25 },
        },
      ],
    ],
    [
      '#1:status=429, policy=DAILY, Retry-After=3 , X-A="a;b,c:d=\\"e\\""',
      [
        {
          when: { request: 1 },
          fault: {
            kind: 'status',
            status: 429,
            policy: 'DAILY',
            headers: { 'Retry-After': '3', 'X-A': 'a;b,c:d="e"' },
          },
        },
      ],
    ],
    [
      '#1:status=302,Location=http://127.0.0.1:1/?a=b',
      [
        {
          when: { request: 1 },
          fault: { kind: 'status', status: 302, headers: { Location: 'http://127.0.0.1:1/?a=b' } },
        },
      ],
    ],
    [
      '#1:element;#2:insert;#3:delete=5',
      [
        { when: { request: 1 }, fault: { kind: 'element' } },
        { when: { request: 2 }, fault: { kind: 'insert' } },
        { when: { request: 3 }, fault: { kind: 'delete', count: 5 } },
      ],
    ],
  ]
  for (const [text, rules] of cases) {
    t.strictSame(parseFaults(text), rules, text)
    t.strictSame(checkFaults(rules), rules)
  }
})

t.test('parseFaults: an error has the rule, the character, what is expected and what was found', async t => {
  const whole = 'expected a whole number from'
  const conditionsExpected =
    'expected * or conditions joined by spaces, each one of #NUMBERS, every=N, page=NUMBERS, N%, xN, /PATH, GET, POST, PUT'
  const cases: [text: string, message: string][] = [
    ['reset', '1 `reset`, character 1: expected WHEN:WHAT, such as page=2:status=503, got "reset"'],
    [':reset', `1 \`:reset\`, character 1: ${conditionsExpected}, got nothing`],
    ['*:reset; :reset', `2 \`:reset\`, character 1: ${conditionsExpected}, got nothing`],
    ['#1 3:reset', `1 \`#1 3:reset\`, character 4: ${conditionsExpected}, got "3"`],
    ['HEAD:reset', `1 \`HEAD:reset\`, character 1: ${conditionsExpected}, got "HEAD"`],
    ['#0:reset', '1 `#0:reset`, character 1: expected numbers from 1 on, such as 3, 2,5-7 or 10-, got "#0"'],
    [
      '#7-5:reset',
      '1 `#7-5:reset`, character 1: expected numbers from 1 on, such as 3, 2,5-7 or 10-, got "#7-5"',
    ],
    ['x:reset', `1 \`x:reset\`, character 1: ${whole} 1 to 1000000000, got "x"`],
    ['every=0:reset', `1 \`every=0:reset\`, character 1: ${whole} 1 to 1000000000, got "every=0"`],
    ['0%:reset', '1 `0%:reset`, character 1: expected a share of more than 0% and at most 100%, got "0%"'],
    [
      '101%:reset',
      '1 `101%:reset`, character 1: expected a share of more than 0% and at most 100%, got "101%"',
    ],
    [
      'page=none:reset',
      '1 `page=none:reset`, character 1: expected first, last, or numbers from 1 on, such as 3, 2,5-7 or 10-, got "page=none"',
    ],
    ['#1 #2:reset', '1 `#1 #2:reset`, character 4: expected each condition once, got "#2"'],
    ['*:', `1 \`*:\`, character 3: expected a fault: one of ${Object.keys(kinds).join(', ')}, got nothing`],
    [
      '*:constructor',
      `1 \`*:constructor\`, character 3: expected a fault: one of ${Object.keys(kinds).join(', ')}, got "constructor"`,
    ],
    [
      '*:status',
      `1 \`*:status\`, character 3: expected status=VALUE, the value being a whole number from 200 to 599, got "status"`,
    ],
    ['*:status=', `1 \`*:status=\`, character 10: ${whole} 200 to 599, got nothing`],
    ['*: status=99', `1 \`*: status=99\`, character 11: ${whole} 200 to 599, got "99"`],
    ['*:cut=1', '1 `*:cut=1`, character 7: expected a share from 0 to less than 1, such as 0.5, got "1"'],
    [
      '*:cut=0.5,framing=x',
      '1 `*:cut=0.5,framing=x`, character 19: expected one of length, chunked, whole, got "x"',
    ],
    [
      '*:cut=0.5,framing',
      '1 `*:cut=0.5,framing`, character 11: expected framing=VALUE, the value being one of length, chunked, whole, got "framing"',
    ],
    ['*:cut=0.5,at=0.6', '1 `*:cut=0.5,at=0.6`, character 11: expected each value once, got "at"'],
    [
      '*:status=500,bodi=x',
      '1 `*:status=500,bodi=x`, character 14: expected one of body, policy, a header, got "bodi"',
    ],
    [
      '*:status=500,X-A',
      '1 `*:status=500,X-A`, character 14: expected a header, such as Retry-After=3, got "X-A="',
    ],
    [
      '*:status=500,X-A="\\n"',
      '1 `*:status=500,X-A="\\n"`, character 14: expected a header, such as Retry-After=3, got "X-A=\\n"',
    ],
    ['*:reset=1', '1 `*:reset=1`, character 9: expected no value of reset, got "1"'],
    [
      '*:reset,Retry-After=3',
      '1 `*:reset,Retry-After=3`, character 9: expected nothing more, got "Retry-After"',
    ],
    [
      '*:element="a',
      '1 `*:element="a`, character 11: expected a text in quotation marks, as in JSON, got "\\"a"',
    ],
    [
      '*:element=a"b"',
      '1 `*:element=a"b"`, character 11: expected a text in quotation marks, as in JSON, got "a\\"b\\""',
    ],
  ]
  for (const [text, message] of cases) {
    t.throws(
      () => parseFaults(text),
      { name: 'PortalError', code: 'OPTION', message: `Fault rule ${message}` },
      text,
    )
  }
})

t.test('checkFaults: an error has the rule, the path, what is expected and what was found', async t => {
  const fault = { kind: 'reset' }
  const cases: [rule: unknown, message: string][] = [
    [5, '1, the rule: expected an object, got 5'],
    [{ fault, wen: {} }, '1, the rule: expected only when and fault, got "wen"'],
    [{ when: 'always', fault }, '1, when: expected an object, got "always"'],
    [
      { when: { requests: 3 }, fault },
      '1, when: expected only request, every, page, share, times, path, method, got "requests"',
    ],
    [
      { when: { share: 10 }, fault },
      '1, when.share: expected a share of more than 0% and at most 100%, got 10',
    ],
    [
      { when: { request: [] }, fault },
      '1, when.request: expected numbers from 1 on, such as 3, 2,5-7 or 10-, got []',
    ],
    [
      { when: { request: { from: 1, until: 2 } }, fault },
      '1, when.request: expected numbers from 1 on, such as 3, 2,5-7 or 10-, got {"from":1,"until":2}',
    ],
    [
      { when: { path: 'leads' }, fault },
      '1, when.path: expected a path that begins with a slash and has no spaces, got "leads"',
    ],
    [
      { fault: { kind: 'rest' } },
      `1, fault.kind: expected one of ${Object.keys(kinds).join(', ')}, got "rest"`,
    ],
    [{ fault: { kind: 'status' } }, '1, fault.status: expected a whole number from 200 to 599, got nothing'],
    [
      { fault: { kind: 'cut', at: '0.5' } },
      '1, fault.at: expected a share from 0 to less than 1, such as 0.5, got "0.5"',
    ],
    [{ fault: { kind: 'reset', at: 1 } }, '1, fault: expected no values, got "at"'],
    [{ fault: { kind: 'cut', at: 0, headers: {} } }, '1, fault: expected only at, framing, got "headers"'],
    [
      { fault: { kind: 'status', status: 500, headers: { 'X-A': 5 } } },
      '1, fault.headers.X-A: expected a header’s value, got 5',
    ],
  ]
  for (const [rule, message] of cases) {
    t.throws(() => checkFaults([rule]), {
      name: 'PortalError',
      code: 'OPTION',
      message: `Fault rule ${message}`,
    })
  }
  t.strictSame(checkFaults([{ when: undefined, fault: { kind: 'stall', at: undefined } }]), [
    { when: {}, fault: { kind: 'stall' } },
  ])
})

const positive = fc.integer({ min: 1, max: 1_000_000 })
const range = fc.oneof(
  positive.map(from => ({ from })),
  fc.tuple(positive, fc.nat(1_000)).map(([from, more]) => ({ from, to: from + more + 1 })),
)
const one = fc.oneof(positive, range)
const numbers = fc.oneof(one, fc.array(one, { minLength: 2, maxLength: 4 }))
const anyWhen = fc.record(
  {
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.constantFrom('/', '/leads/v1/lead/', '/leads/v1/lead/%20x'),
    request: numbers,
    every: positive,
    page: fc.oneof(numbers, fc.constantFrom('first', 'last')),
    times: positive,
    share: fc.integer({ min: 1, max: 10_000 }).map(n => n / 10_000),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<FaultWhen>
const share = fc.integer({ min: 0, max: 999 }).map(n => n / 1_000)
const words = fc.string()
const values: Record<string, Record<string, fc.Arbitrary<unknown>>> = {
  status: {
    status: fc.integer({ min: 200, max: 599 }),
    body: words,
    policy: fc.constantFrom(...policies),
    headers: fc.record(
      { 'X-A': fc.constantFrom('', 'a, b', '"x"', '; = :'), Location: fc.webUrl() },
      { noNullPrototype: true },
    ),
  },
  cut: { at: share, framing: fc.constantFrom('length', 'chunked', 'whole') },
  stall: { at: share },
  drip: { bytes: positive, interval: positive },
  delay: { milliseconds: positive },
  garbage: { form: fc.constantFrom('html', 'broken', 'unbalanced', 'malformed') },
  element: { text: words },
  oversized: { bytes: positive },
  insert: { count: fc.integer({ min: 1, max: 100_000 }) },
  merge: { count: fc.integer({ min: 1, max: 100_000 }) },
  lag: { milliseconds: positive },
  lost: { count: fc.integer({ min: 1, max: 100_000 }) },
}
const anyFault = fc.oneof(
  ...Object.entries(kinds).map(([kind, { main, isOptional }]) => {
    const record: Record<string, fc.Arbitrary<unknown>> = { kind: fc.constant(kind), ...values[kind] }
    const required = main === undefined || isOptional || !(main in record) ? ['kind'] : ['kind', main]
    return fc.record(record, { requiredKeys: required, noNullPrototype: true })
  }),
)

t.test('writeRule: any rule written as text is parsed to the same rule', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ when: anyWhen, fault: anyFault }, { noNullPrototype: true }), { maxLength: 4 }),
      rules => {
        const checked = checkFaults(rules)
        deepStrictEqual(parseFaults(checked.map(writeRule).join(';')), checked)
      },
    ),
    { numRuns: 300, seed: 5 },
  )
})

t.test('parseFaults: any text is parsed or refused with a PortalError', async () => {
  const piece = fc.constantFrom(
    ...'#*:;,="%\\x1 5-'.split(''),
    'page',
    'status',
    'cut',
    'every',
    'last',
    '503',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      try {
        parseFaults(pieces.join(''))
      } catch (error) {
        ok(error instanceof PortalError && /^Fault rule \d+ `/.test(error.message))
      }
    }),
    { numRuns: 1_000, seed: 5 },
  )
})

t.test(
  'lib/portal/README.md: its tables have every condition and fault, each with a valid example',
  async t => {
    const readme = portalFile('README.md')
    const rows = readme.slice(readme.indexOf('**WHEN**')).match(/^\| `.*\|$/gm) ?? []
    const rules = rows.flatMap(row => {
      const examples =
        row.slice(row.lastIndexOf('|', row.length - 2)).match(/(?<=`)[^`]+(?=`(?:,| \|))/g) ?? []
      t.ok(examples.length > 0, row)
      return parseFaults(examples.join(';'))
    })
    const [, block = ''] = /^ {2}faults: '(.*)',$/m.exec(readme) ?? []
    t.equal(parseFaults(block).length, 3)
    t.same(new Set(rules.map(({ fault }) => fault.kind)), new Set(Object.keys(kinds)))
    const used = new Set(rules.flatMap(({ when = {} }) => Object.keys(when)))
    t.same(used, new Set(conditions.map(({ name }) => name)))
  },
)
