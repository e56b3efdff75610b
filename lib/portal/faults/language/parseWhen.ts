import type { FaultWhen } from '../FaultRule.ts'
import { type Condition, conditions } from './conditions.ts'
import type { ErrorAt } from './faultError.ts'
import { type Piece, split } from './Piece.ts'

const expected =
  '* or conditions joined by spaces, each one of #NUMBERS, every=N, page=NUMBERS, N%, xN, /PATH, GET, POST, PUT'

/** Parses the conditions of a rule. `*` means no conditions. */
export function parseWhen(piece: Piece, errorAt: ErrorAt): FaultWhen {
  if (piece.text === '*') return {}
  const when: Partial<Record<keyof FaultWhen, unknown>> = {}
  for (const token of split(piece, /\s/)) {
    if (token.text === '' && piece.text !== '') continue
    const condition = conditions.find(one => isWrittenAs(one, token.text))
    if (condition === undefined) throw errorAt(token)(expected, token.text)
    const { name, before, after, field } = condition
    const text = token.text.slice(before.length, token.text.length - after.length)
    const value = field.read(text)
    if (!field.holds(value)) {
      throw errorAt(token)(name === 'method' ? expected : field.expected, token.text)
    }
    if (when[name] !== undefined) throw errorAt(token)('each condition once', token.text)
    when[name] = value
  }
  return when as FaultWhen
}

function isWrittenAs({ before, after }: Condition, token: string): boolean {
  return token.startsWith(before) && token.endsWith(after)
}
