import type { Random } from '../data/Random.ts'
import { ArmedRule } from './ArmedRule.ts'
import type { ChangeFault, DelayFault, Fault, PageFault, ReorderFault } from './Fault.ts'
import type { FaultRule } from './FaultRule.ts'
import { PageNumbers } from './PageNumbers.ts'
import type { Visit } from './Visit.ts'

/** A change of the data, and its random sequence. */
export interface Change {
  readonly fault: ChangeFault | ReorderFault
  readonly random: Random
}

/** A fault that changes the answer; a request gets at most one. */
export type AnswerFault = Exclude<Fault, DelayFault | ChangeFault | ReorderFault | PageFault>

/** The faults of one request. */
export interface Hits {
  /** The rules that hit, as text, in their order. */
  readonly rules: readonly string[]
  /** The sum of all delays, in milliseconds. */
  readonly delay: number
  readonly changes: readonly Change[]
  /** What is wrong with the content of the page. */
  readonly page: readonly PageFault[]
  readonly answer: AnswerFault | undefined
}

/** The faults of a request without a fault. */
export const noHits: Hits = { rules: [], delay: 0, changes: [], page: [], answer: undefined }

/** The rules of a portal, in their order: decides which faults hit which request. */
export class FaultPlan {
  readonly #rules: readonly ArmedRule[]
  readonly #pages = new PageNumbers()

  /** @param seed a whole number from 0 to 4294967295 */
  constructor(rules: readonly FaultRule[], seed: number) {
    this.#rules = rules.map((rule, index) => new ArmedRule(rule, seed, index))
  }

  /**
   * The faults that hit this request. A rule counts every request, but does not hit one whose answer already has a
   * fault.
   */
  hits(visit: Visit): Hits {
    if (this.#rules.length === 0) return noHits
    const number = visit.isList ? this.#pages.of(visit) : 0
    const rules: string[] = []
    const changes: Change[] = []
    const page: PageFault[] = []
    let delay = 0
    let answer: AnswerFault | undefined
    for (const rule of this.#rules) {
      const { fault, random, text } = rule
      if (fault.kind === 'expire' && visit.token === '') continue
      const hasAnswer = answer !== undefined && isAnswerFault(fault)
      if (!rule.see(visit) || hasAnswer || !rule.hits(visit, number)) continue
      rules.push(text)
      if (isAnswerFault(fault)) answer = fault
      else if (fault.kind === 'delay') delay += fault.milliseconds
      else if (isPageFault(fault)) page.push(fault)
      else changes.push({ fault, random })
    }
    return { rules, delay, changes, page, answer }
  }
}

const pageKinds: readonly Fault['kind'][] = ['unsorted', 'lag', 'short', 'outside', 'lost']
const changeKinds: readonly Fault['kind'][] = [
  'insert',
  'delete',
  'undelete',
  'touch',
  'archive',
  'merge',
  'reorder',
]

function isPageFault(fault: Fault): fault is PageFault {
  return pageKinds.includes(fault.kind)
}

function isAnswerFault(fault: Fault): fault is AnswerFault {
  return fault.kind !== 'delay' && !pageKinds.includes(fault.kind) && !changeKinds.includes(fault.kind)
}
