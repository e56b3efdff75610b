import { randomUUID } from 'node:crypto'
import { isObject } from '../leads/isObject.ts'
import type { Answer } from '../server/Answer.ts'
import type { ElementFault, GarbageFault, OversizedFault } from './Fault.ts'

/** A fault that changes the content of a body, and not how it is sent. */
export type BodyFault = GarbageFault | ElementFault | OversizedFault

const page =
  '<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>'
const defaultBytes = 17_000_000

/** Replaces the list while the rest is written; random, so that no answer contains it. */
const placeholder = randomUUID()

/** An answer with a damaged body; its status is 200, whatever it was. */
export function spoilBody(answer: Answer, fault: BodyFault): Answer {
  if (fault.kind === 'garbage' && fault.form === 'html') {
    const headers = { ...answer.headers, 'Content-Type': 'text/html;charset=utf-8' }
    return { status: 200, headers, body: [Buffer.from(page)] }
  }
  const text = Buffer.concat(answer.body).toString()
  return { ...answer, status: 200, body: [Buffer.from(spoilJson(text, fault))] }
}

function spoilJson(text: string, fault: BodyFault): string {
  const value: unknown = JSON.parse(text)
  const list = listIn(value)
  if (list === undefined) return spoilElement(text, fault)
  if (fault.kind === 'garbage' && fault.form === 'broken') return withComma(text)
  if (value === list) return spoilList(list, fault)
  const name = nameOfList(value)
  const [before = '', after = ''] = JSON.stringify({ ...(value as object), [name]: placeholder }).split(
    `"${placeholder}"`,
  )
  return `${before}${spoilList(list, fault)}${after}`
}

/** The elements of a page: those of an array, or those in an object. */
function listIn(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value
  const list = isObject(value) ? value[nameOfList(value)] : undefined
  return Array.isArray(list) ? list : undefined
}

/** The old list of contacts calls its elements `contacts`, all others `results`. */
function nameOfList(value: unknown): string {
  return isObject(value) && 'contacts' in value ? 'contacts' : 'results'
}

function spoilList(list: readonly unknown[], fault: BodyFault): string {
  // A lead's text was made by JSON.stringify, so parsing and writing it again changes nothing.
  const elements = list.map(element => JSON.stringify(element))
  const middle = Math.floor(elements.length / 2)
  // An empty page gets an element, because it has none that could be damaged.
  elements[middle] = spoilElement(elements[middle] ?? '{}', fault)
  return `[${elements.join(',')}]`
}

function spoilElement(text: string, fault: BodyFault): string {
  if (fault.kind === 'element') return fault.text ?? 'null'
  if (fault.kind === 'oversized') {
    return JSON.stringify({ ...JSON.parse(text), padding: 'x'.repeat(fault.bytes ?? defaultBytes) })
  }
  return fault.form === 'unbalanced' ? text.slice(0, -1) : withComma(text)
}

/** `[…,]` or `{…,}`: not JSON, although all brackets match. */
function withComma(text: string): string {
  return `${text.slice(0, -1)},${text.slice(-1)}`
}
