import type { FaultRule } from '../FaultRule.ts'
import { type ErrorAt, errorInText } from './faultError.ts'
import { split } from './Piece.ts'
import { parseFault } from './parseFault.ts'
import { parseWhen } from './parseWhen.ts'

/**
 * Parses fault rules: `WHEN:WHAT` each, joined by `;`. Empty rules are skipped, white space around the parts is
 * ignored. A text that contains `,`, `;`, `:` or `"` must be in quotation marks, as in JSON.
 *
 * @example
 * ```ts
 * parseFaults('page=2 x1:status=503,Retry-After=1; 10%:reset')
 * // [
 * //   { when: { page: 2, times: 1 }, fault: { kind: 'status', status: 503, headers: { 'Retry-After': '1' } } },
 * //   { when: { share: 0.1 }, fault: { kind: 'reset' } },
 * // ]
 * ```
 * @throws PortalError OPTION, naming the rule, the character in it, the expected and the received text.
 */
export function parseFaults(text: string): FaultRule[] {
  return split({ text, at: 0 }, /;/)
    .filter(rule => rule.text !== '')
    .map((rule, index) => parseRule(rule.text, index + 1))
}

function parseRule(text: string, number: number): FaultRule {
  const errorAt: ErrorAt = ({ at }) => errorInText(number, text, at)
  const [when, what] = split({ text, at: 0 }, /:/, 2)
  if (when === undefined || what === undefined) {
    throw errorAt({ text, at: 0 })('WHEN:WHAT, such as page=2:status=503', text)
  }
  return { when: parseWhen(when, errorAt), fault: parseFault(what, errorAt) }
}
