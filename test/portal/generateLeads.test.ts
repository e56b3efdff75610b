import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import { leadSchema } from '../../lib/lead/Lead.ts'
import { generateLeads } from '../../lib/portal/index.ts'
import { root } from '../support/root.ts'

const text = (leads: Iterable<Lead>) => [...leads].map(lead => JSON.stringify(lead)).join('\n')
const many = [...generateLeads({ count: 5_000, seed: 3 })]
const share = (test: (lead: Lead) => unknown) => many.filter(test).length / many.length

t.test('generateLeads: the same seed makes the same leads, byte for byte', async t => {
  t.equal(text(generateLeads({ count: 300, seed: 9 })), text(generateLeads({ count: 300, seed: 9 })))
  t.not(text(generateLeads({ count: 5, seed: 9 })), text(generateLeads({ count: 5, seed: 10 })))
  t.equal(
    text(generateLeads({ count: 5 })),
    text(generateLeads({ count: 5, seed: 1 })),
    'the default seed is 1',
  )
  const leads = generateLeads({ count: 5 })
  t.equal(text(leads), text(leads), 'each iteration makes the same leads')
})

t.test('generateLeads: the leads of a seed change only with generatorVersion', async t => {
  const digest = createHash('sha256')
    .update(text(generateLeads({ count: 1_000 })))
    .digest('hex')
  t.equal(digest, '35e5d9a8e0be1706082b9eb86c37ffca5245f3a767018c51221f5b3cf006667c')
})

t.test('generateLeads: the first hundred of a thousand leads are the leads of count 100', async t => {
  const thousand = [...generateLeads({ count: 1_000 })]
  t.equal(text(thousand.slice(0, 100)), text(generateLeads({ count: 100 })))
  t.equal(thousand.length, 1_000)
  t.same([...generateLeads({ count: 0 })], [])
})

t.test('generateLeads: leads are made one by one, not all at once', async t => {
  const [first] = generateLeads({ count: 100_000_000 })
  t.ok(first)
})

t.test(
  'generateLeads: every lead is valid and has the fields of the documented example in its order',
  async t => {
    const sample = JSON.parse(await readFile(`${root}test/portal/fixtures/lead-sample.json`, 'utf8'))
    const order = Object.keys(sample[0])
    const ungraded = order.filter(name => name !== 'score' && name !== 'rawScore')
    const validate = new Ajv({ strict: false, allErrors: true }).compile(leadSchema)
    const wrong = many.filter(lead => !validate(lead))
    t.same(wrong, [])
    const orders = new Set(many.map(lead => Object.keys(lead).join()))
    t.same([...orders].toSorted(), [order.join(), ungraded.join()].toSorted())
    const details = (lead: Lead) =>
      [lead.analyticsDetails, lead.crmDetails].map(object => Object.keys(object ?? {}))
    t.same(details(many[0] as Lead), details(sample[0]))
  },
)

t.test('generateLeads: guids are 32 lower-case hexadecimal digits, and unique', async t => {
  t.ok(many.every(lead => /^[\da-f]{32}$/.test(lead.guid)))
  t.equal(new Set(many.map(lead => lead.guid)).size, many.length)
})

t.test(
  'generateLeads: leads have zero to six conversion events in order, with zero to eight values each',
  async t => {
    const events = many.flatMap(lead => lead.leadConversionEvents ?? [])
    const values = events.flatMap(event => event.formSubmissionValues ?? [])
    const counts = (numbers: number[]) => [...new Set(numbers)].toSorted((a, b) => a - b)
    t.same(counts(many.map(lead => lead.leadConversionEvents?.length ?? -1)), [0, 1, 2, 3, 4, 5, 6])
    const sizes = counts(events.map(event => event.formSubmissionValues?.length ?? -1))
    t.ok(sizes.length > 3 && sizes[0] === 0 && sizes.at(-1) === 8, sizes.join())
    t.ok(values.some(value => value.formGuid === '') && values.some(value => value.formGuid !== ''))
    const disordered = many.filter(lead => {
      const dates = (lead.leadConversionEvents ?? []).map(event => event.convertDate ?? 0)
      const ascend = dates.every((date, place) => place === 0 || date > (dates[place - 1] ?? 0))
      return (
        !ascend || lead.lastConvertedAt !== (dates.at(-1) ?? 0) || lead.numConversionEvents !== dates.length
      )
    })
    t.same(disordered, [])
  },
)

t.test('generateLeads: the shares of states are realistic', async t => {
  const between = (name: string, low: number, high: number, test: (lead: Lead) => unknown) =>
    t.ok(share(test) > low && share(test) < high, `${name}: ${share(test)}`)
  between('deleted', 0.02, 0.06, lead => lead.isDeleted)
  between('bounced', 0.03, 0.07, lead => lead.emailBounced)
  between('opted out', 0.04, 0.1, lead => lead.emailOptOut)
  between('eligible', 0.75, 0.95, lead => lead.eligibleForEmail)
  between('imported', 0.15, 0.5, lead => lead.imported)
  between('customers', 0.05, 0.15, lead => lead.isCustomer)
  between('ungraded', 0.05, 0.15, lead => !('score' in lead) && !('rawScore' in lead))
  between('without events', 0.25, 0.6, lead => lead.numConversionEvents === 0)
  between('score of 100', 0.05, 0.15, lead => lead.score === 100)
  const bytes = Buffer.byteLength(text(many)) / many.length
  t.ok(bytes > 2_000 && bytes < 5_000, `${bytes} bytes a lead`)
})

t.test('generateLeads: times and states of a lead are consistent', async t => {
  const bad = many.filter(
    lead =>
      (lead.lastModifiedAt ?? 0) < Math.max(lead.insertedAt ?? 0, lead.lastConvertedAt ?? 0) ||
      lead.isCustomer !== (lead.closedAt ?? 0) > 0 ||
      lead.isCustomer !== (lead.leadCustomerStatusModifyLogs ?? []).length > 0 ||
      (lead.leadNurturingCampaignId === -1) === lead.leadNurturingActive ||
      !lead.fullFoundViaString?.startsWith(lead.foundVia ?? '?'),
  )
  t.same(bad, [])
  t.same([...new Set(many.map(lead => `${lead.sourceId} ${lead.foundVia}`))].toSorted(), [
    '1 Organic Search',
    '2 Referrals',
    '3 Paid Search',
    '4 Direct Traffic',
    '5 Email Marketing',
    '6 Social Media',
    '7 Other Campaigns',
  ])
})

t.test(
  'generateLeads: an import has hundreds of leads at one millisecond; otherwise insertedAt mostly ascends',
  async t => {
    const times = new Map<number, Lead[]>()
    for (const lead of many)
      times.set(lead.insertedAt ?? 0, [...(times.get(lead.insertedAt ?? 0) ?? []), lead])
    const largest = [...times.values()].filter(group => group.length >= 100)
    t.ok(largest.length >= 3, `${largest.length} imports of a hundred and more`)
    t.ok(largest.flat().every(lead => lead.imported && lead.firstVisitSetAt === 0))
    t.ok(largest.some(group => new Set(group.map(lead => lead.lastModifiedAt)).size < group.length))
    const falls = many.filter((lead, n) => (lead.insertedAt ?? 0) < (many[n - 1]?.insertedAt ?? 0)).length
    t.ok(falls > 0 && falls < many.length / 10, `${falls} fall back`)
    const years = new Set(many.map(lead => new Date(lead.insertedAt ?? 0).getUTCFullYear()))
    t.ok([...years].every(year => year >= 2010 && year <= 2013))
    t.ok(years.size > 1)
  },
)

t.test('generateLeads: the texts have scripts, quotes and control characters that break exports', async t => {
  const names = many.map(lead => `${lead.firstName} ${lead.lastName} ${lead.company}`).join()
  const scripts = [
    'Cyrillic',
    'Greek',
    'Arabic',
    'Hebrew',
    'Han',
    'Hiragana',
    'Katakana',
    'Hangul',
    'Devanagari',
  ]
  for (const script of scripts) t.match(names, new RegExp(`\\p{Script=${script}}`, 'u'), script)
  t.match(names, /[éöřİß]/, 'diacritics')
  t.match(names, /\p{Extended_Pictographic}/u, 'emoji')
  const messages = many.map(lead => lead.message).join()
  for (const part of ['"', '\\', '\n', '\r\n', '\t', '\u0001', '\u2028', '\u007f']) {
    t.ok(messages.includes(part), encodeURIComponent(part))
  }
  t.notOk(/\\ud[89a-f]/.test(text(many)), 'no lone surrogate, which JSON.stringify would escape')
})

t.test('generateLeads: a wrong count or seed is an OPTION error', async t => {
  const wrong: [options: unknown, message: string][] = [
    [{}, 'generateLeads(): count: expected an integer from 0 to 100000000, received undefined'],
    [{ count: -1 }, 'generateLeads(): count: expected an integer from 0 to 100000000, received -1'],
    [
      { count: 1, seed: 1.5 },
      'generateLeads(): seed: expected an integer from 0 to 4294967295, received 1.5',
    ],
    [{ count: 1, sead: 1 }, 'generateLeads(): unknown option "sead"; expected one of count, seed'],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => generateLeads(options as { count: number }), {
      name: 'PortalError',
      code: 'OPTION',
      message,
    })
  }
})
