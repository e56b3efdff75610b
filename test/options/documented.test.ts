import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { checkpointRules } from '../../lib/checkpoint/options.ts'
import { transportRules } from '../../lib/http/transportOptions.ts'
import { clientRules } from '../../lib/hubspot/options.ts'
import { queryRules } from '../../lib/lead/LeadsQuery.ts'
import { batchRules } from '../../lib/operators/batch.ts'
import { coerceRules } from '../../lib/operators/coerce.ts'
import { dedupeRules } from '../../lib/operators/dedupe.ts'
import { explodeRules } from '../../lib/operators/explode.ts'
import { filterRules } from '../../lib/operators/filter.ts'
import { flattenRules } from '../../lib/operators/flatten.ts'
import { invalidRules } from '../../lib/operators/invalidPolicy.ts'
import { mapRules } from '../../lib/operators/map.ts'
import { maskRules } from '../../lib/operators/mask.ts'
import { pivotRules } from '../../lib/operators/pivotFormValues.ts'
import { sampleRules } from '../../lib/operators/sample.ts'
import { summarizeRules } from '../../lib/operators/summarize.ts'
import { unknownFieldsRules } from '../../lib/operators/unknownFields.ts'
import { validateRules } from '../../lib/operators/validate.ts'
import { compileSchema } from '../../lib/options/ajv.ts'
import type { OptionRule } from '../../lib/options/optionRule.ts'
import { runRules } from '../../lib/run/options.ts'
import { branchRules } from '../../lib/sinks/branch.ts'
import { fileRules } from '../../lib/sinks/file/options.ts'
import { httpRules } from '../../lib/sinks/http/options.ts'
import { sinkRules } from '../../lib/sinks/sink.ts'
import { formSubmissionsRules, formsRules } from '../../lib/sources/crm/formOptions.ts'
import { contactsAsLeadsRules } from '../../lib/sources/crm/leadOptions.ts'
import { crmRules } from '../../lib/sources/crm/options.ts'
import { leadsRules } from '../../lib/sources/options.ts'
import { sourceRules } from '../../lib/sources/source.ts'
import { root } from '../support/root.ts'

type Rules = Readonly<Record<string, OptionRule>>

const inside = (rule: OptionRule | undefined) => rule?.properties as Rules

/** Each interface of options, its file, and the rules that its docstrings must agree with. */
const documented: [file: string, name: string, rules: Rules][] = [
  ['hubspot/options.ts', 'HubSpotClientOptions', clientRules.options],
  ['http/transportOptions.ts', 'TransportOptions', transportRules],
  ['http/transportOptions.ts', 'RetryOptions', inside(transportRules.retry)],
  ['http/transportOptions.ts', 'TimeoutOptions', inside(clientRules.options.timeouts)],
  ['sources/options.ts', 'LeadsOptions', leadsRules.options],
  ['sources/crm/leadOptions.ts', 'ContactsAsLeadsOptions', contactsAsLeadsRules.options],
  ['sources/crm/formOptions.ts', 'ReadingOptions', formsRules.options],
  ['sources/crm/formOptions.ts', 'FormsOptions', formsRules.options],
  ['sources/crm/formOptions.ts', 'FormSubmissionsOptions', formSubmissionsRules.options],
  ['sources/crm/options.ts', 'CrmOptions', crmRules.options],
  ['lead/LeadsQuery.ts', 'LeadsQuery', queryRules],
  ['operators/validate.ts', 'ValidateOptions', validateRules.options],
  ['operators/invalidPolicy.ts', 'InvalidOptions', invalidRules],
  ['operators/filter.ts', 'FilterOptions', filterRules.options],
  ['operators/explode.ts', 'ExplodeOptions', explodeRules.options],
  ['operators/map.ts', 'MapOptions', mapRules.options],
  ['operators/flatten.ts', 'FlattenOptions', flattenRules.options],
  ['operators/dedupe.ts', 'DedupeOptions', dedupeRules.options],
  ['operators/coerce.ts', 'CoerceOptions', coerceRules.options],
  ['operators/mask.ts', 'MaskOptions', maskRules.options],
  ['operators/pivotFormValues.ts', 'PivotOptions', pivotRules.options],
  ['operators/summarize.ts', 'SummarizeOptions', summarizeRules.options],
  ['operators/unknownFields.ts', 'UnknownFieldsOptions', unknownFieldsRules.options],
  ['operators/batch.ts', 'BatchSize', batchRules.options],
  ['operators/sample.ts', 'SampleOptions', sampleRules.options],
  ['sinks/file/options.ts', 'FileOptions', fileRules.options],
  ['sinks/http/options.ts', 'HttpOptions', httpRules.options],
  ['sinks/http/options.ts', 'BatchOptions', inside(httpRules.options.batch)],
  ['sources/source.ts', 'SourceOptions', sourceRules.options],
  ['sinks/sink.ts', 'SinkOptions', sinkRules.options],
  ['sinks/branch.ts', 'BranchOptions', branchRules.options],
  ['run/options.ts', 'RunOptions', runRules.options],
  ['checkpoint/options.ts', 'CheckpointOptions', checkpointRules],
  ['checkpoint/options.ts', 'SaveEvery', inside(checkpointRules.every)],
]

/** Defaults that a rule can't have: they depend on another option, or are the API's own. */
const ofOthers = new Set(['minDelay', 'maxDelay', ...Object.keys(queryRules)])

/** The longest string of the engine is their upper limit. */
const ofEngine = new Set(['maxLeadBytes', 'maxRecordBytes'])

const lib = `${root}lib/`

/** The docstring of each option of an interface, on one line. */
function docsOf(file: string, name: string): Map<string, string> {
  const [, body = ''] =
    new RegExp(`^(?:export )?interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(
      readFileSync(`${lib}${file}`, 'utf8'),
    ) ?? []
  const options = body.matchAll(/\/\*\*([\s\S]*?)\*\/\n {2}(\w+)\??:/g)
  return new Map(Array.from(options, ([, doc = '', option = '']) => [option, doc.replace(/\s+\*?\s*/g, ' ')]))
}

/** The value that a docstring says: a number, a word, true or false; undefined if it says it in other words. */
function literal(text: string): unknown {
  const [, size] = /^(\d+) MiB\b/.exec(text) ?? []
  if (size !== undefined) return Number(size) * 1024 * 1024
  const [, number] = /^([\d,]+(?:\.\d+)?)(?![\d,]* requests)/.exec(text) ?? []
  if (number !== undefined) return Number(number.replaceAll(',', ''))
  const [, word] = /^['"]([^'"]*)['"](?!,? but)/.exec(text) ?? []
  return word ?? { true: true, false: false }[/^\w+/.exec(text)?.[0] ?? '']
}

/** A bound as docstrings write it. */
const written = (bound: unknown) => (bound === 2 ** 30 ? '1 GiB' : Number(bound).toLocaleString('en-US'))

for (const [file, name, rules] of documented) {
  const docs = docsOf(file, name)
  t.test(`${name}: the docstrings have the defaults and ranges of the rules`, async t => {
    t.ok(docs.size > 0, 'the docstrings are found')
    for (const [option, doc] of docs) {
      const rule = rules[option]
      t.ok(rule, `${option} has a rule`)
      if (rule === undefined) continue
      const [, text] = /\bDefaults?: (.*)$/.exec(doc) ?? []
      const said = text === undefined ? undefined : literal(text)
      const plain = typeof rule.default !== 'object' && rule.default !== Number.POSITIVE_INFINITY
      if (!ofOthers.has(option) && plain) t.equal(said, rule.default, `${option}: ${doc}`)
      if (rule.default !== undefined) t.ok(text, `${option} says its default`)
      const { minimum, maximum } = rule
      if (maximum !== undefined && !ofEngine.has(option) && minimum !== undefined) {
        const ranges = [`${written(minimum)} to ${written(maximum)}`]
        // Common to all options of the interface: its own docstring has it.
        if (name !== 'TimeoutOptions')
          t.ok(
            ranges.some(range => doc.includes(range)),
            `${option}: ${doc}`,
          )
      } else if (minimum !== undefined) t.match(doc, `${written(minimum)} or more`, `${option}: ${doc}`)
    }
  })
}

t.test('option rules: each one is valid JSON Schema, and compiles', async t => {
  const ajv = new Ajv({ allowUnionTypes: true })
  for (const [, owner, rules] of documented)
    for (const [option, rule] of Object.entries(rules)) {
      t.ok(ajv.validateSchema(rule), `${owner}: ${option}`)
      t.doesNotThrow(() => compileSchema(rule), `${owner}: ${option}`)
    }
})
