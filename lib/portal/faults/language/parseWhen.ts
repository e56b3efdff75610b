import type { FaultWhen } from '../FaultRule.ts'
import { type Condition, conditions } from './conditions.ts'
import { type Piece, split } from './Piece.ts'
import type { PlaceOf } from './Place.ts'

const expected =
  '* or conditions joined by spaces, each one of #NUMBERS, every=N, page=NUMBERS, N%, xN, /PATH, GET, PUT'

/** Parses the conditions of a rule. `*` means no conditions. */
export function parseWhen(piece: Piece, placeOf: PlaceOf): FaultWhen {
  if (piece.text === '*') return {}
  const when: Partial<Record<keyof FaultWhen, unknown>> = {}
  for (const token of split(piece, /\s/)) {
    if (token.text === '' && piece.text !== '') continue
    const condition = conditions.find(one => isWrittenAs(one, token.text))
    if (condition === undefined) throw placeOf(token)(expected, token.text)
    const { name, before, behind, field } = condition
    const text = token.text.slice(before.length, token.text.length - behind.length)
    const value = field.read(text)
    if (!field.holds(value)) {
      throw placeOf(token)(name === 'method' ? expected : field.expected, token.text)
    }
    if (when[name] !== undefined) throw placeOf(token)('each condition once', token.text)
    when[name] = value
  }
  return when as FaultWhen
}

function isWrittenAs({ before, behind }: Condition, token: string): boolean {
  return token.startsWith(before) && token.endsWith(behind)
}
