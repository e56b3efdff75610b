import type { Fault } from '../Fault.ts'
import type { ErrorAt } from './faultError.ts'
import { isHeader } from './headers.ts'
import { type Kind, kindOf, kinds } from './kinds.ts'
import { type Piece, split, trimmed } from './Piece.ts'

/** Parses a fault: its kind, with its main value, and further values by their names. */
export function parseFault(piece: Piece, errorAt: ErrorAt): Fault {
  const [first, ...others] = split(piece, /,/).map(one => splitValue(one))
  const kind = kindOf(first?.name.text)
  if (first === undefined || kind === undefined) {
    throw errorAt(piece)(`a fault: one of ${Object.keys(kinds).join(', ')}`, first?.name.text)
  }
  const values: Record<string, unknown> = { kind: first.name.text }
  const headers: Record<string, string> = {}
  readMain(kind, first, values, errorAt)
  for (const { name, value } of others) {
    const into = kind.takesHeaders && /^[A-Z]/.test(name.text) ? headers : values
    if (Object.hasOwn(into, name.text)) throw errorAt(name)('each value once', name.text)
    into[name.text] =
      into === headers ? readHeader(name, value, errorAt) : readValue(kind, name, value, errorAt)
  }
  return (Object.keys(headers).length > 0 ? { ...values, headers } : values) as unknown as Fault
}

interface Assignment {
  readonly name: Piece
  /** Undefined if there is no `=`. */
  readonly value: Piece | undefined
}

function splitValue(piece: Piece): Assignment {
  const [name = piece, value] = split(piece, /=/, 2)
  return { name, value }
}

function readMain(
  kind: Kind,
  { name, value }: Assignment,
  values: Record<string, unknown>,
  errorAt: ErrorAt,
) {
  const { main } = kind
  if (main === undefined) {
    if (value !== undefined) throw errorAt(value)(`no value of ${name.text}`, value.text)
    return
  }
  const field = kind.fields[main]
  if (value === undefined) {
    if (kind.isOptional) return
    throw errorAt(name)(`${name.text}=VALUE, the value being ${field?.expected}`, name.text)
  }
  values[main] = readValue(kind, { text: main, at: value.at }, value, errorAt)
}

function readValue(kind: Kind, name: Piece, value: Piece | undefined, errorAt: ErrorAt): unknown {
  const field = Object.hasOwn(kind.fields, name.text) ? kind.fields[name.text] : undefined
  if (field === undefined) throw errorAt(name)(namesOf(kind), name.text)
  if (value === undefined)
    throw errorAt(name)(`${name.text}=VALUE, the value being ${field.expected}`, name.text)
  const read = field.read(unquote(value, errorAt))
  if (field.holds(read)) return read
  throw errorAt(value)(field.expected, value.text)
}

function readHeader(name: Piece, value: Piece | undefined, errorAt: ErrorAt): string {
  const text = value === undefined ? undefined : unquote(value, errorAt)
  if (text !== undefined && isHeader(name.text, text)) return text
  throw errorAt(name)('a header, such as Retry-After=3', `${name.text}=${text ?? ''}`)
}

function namesOf({ main, fields, takesHeaders }: Kind): string {
  const names = Object.keys(fields).filter(name => name !== main)
  if (takesHeaders) names.push('a header')
  return names.length === 0 ? 'nothing more' : `one of ${names.join(', ')}`
}

/** A value in quotation marks is a JSON string; any other is the text itself. */
function unquote(piece: Piece, errorAt: ErrorAt): string {
  const { text } = trimmed(piece)
  if (!text.includes('"')) return text
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') return value
  } catch {}
  throw errorAt(piece)('a text in quotation marks, as in JSON', text)
}
