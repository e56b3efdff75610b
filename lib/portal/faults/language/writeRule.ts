import type { FaultRule } from '../FaultRule.ts'
import { conditions } from './conditions.ts'
import { kindOf } from './kinds.ts'

/** A rule as text, in the form that `parseFaults` reads. */
export function writeRule({ when = {}, fault }: FaultRule): string {
  const parts = conditions.flatMap(({ name, before, after, field }) =>
    when[name] === undefined ? [] : [`${before}${field.write(when[name])}${after}`],
  )
  return `${parts.join(' ') || '*'}:${writeFault(fault)}`
}

function writeFault(fault: FaultRule['fault']): string {
  const { main, fields } = kindOf(fault.kind) ?? { fields: {} }
  const { kind, headers = {}, ...values } = fault as { kind: string; headers?: Record<string, string> }
  const texts = new Map(Object.entries(values).map(([name, value]) => [name, fields[name]?.write(value)]))
  const mainText = main === undefined ? undefined : texts.get(main)
  const first = mainText === undefined ? kind : `${kind}=${quote(mainText)}`
  const others = [...texts, ...Object.entries(headers)].filter(([name]) => name !== main)
  return [first, ...others.map(([name, text = '']) => `${name}=${quote(text)}`)].join(',')
}

/** Quotes a text that is empty, or that has a special meaning in a rule. */
function quote(text: string): string {
  return /^[^\s",;:=]+$/.test(text) ? text : JSON.stringify(text)
}
