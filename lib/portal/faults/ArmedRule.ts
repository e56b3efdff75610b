import { Random } from '../data/Random.ts'
import type { FaultRule } from './FaultRule.ts'
import { includesNumber } from './language/numbers.ts'
import { writeRule } from './language/writeRule.ts'
import type { Visit } from './Visit.ts'

const million = 1_000_000

/** A rule with its state, which is kept from one request to the next. */
export class ArmedRule {
  readonly fault: FaultRule['fault']
  /** The rule as text. */
  readonly text: string
  /** Its own random sequence: other rules do not change it. */
  readonly random: Random
  readonly #when: NonNullable<FaultRule['when']>
  #seen = 0
  #hits = 0

  /** @param index the rule's index, from 0 */
  constructor(rule: FaultRule, seed: number, index: number) {
    this.fault = rule.fault
    this.text = writeRule(rule)
    // Sequence 0 generates the leads: a rule that drew from it would insert existing leads.
    this.random = new Random(seed, index + 1)
    this.#when = rule.when ?? {}
  }

  /** Counts a request, if it has the rule's method and path. */
  see({ method, path }: Visit): boolean {
    const isMine = method === (this.#when.method ?? method) && path.startsWith(this.#when.path ?? path)
    if (isMine) this.#seen++
    return isMine
  }

  /** Whether the rule hits the request that it has just counted. */
  hits(visit: Visit, page: number): boolean {
    const { request, every = 1, times = Number.POSITIVE_INFINITY, share = 1 } = this.#when
    const isHit =
      this.#hits < times &&
      (request === undefined || includesNumber(request, this.#seen)) &&
      this.#seen % every === 0 &&
      this.#isPage(visit, page) &&
      // The draw is the last condition: a request that does not meet the other conditions must not use up a draw.
      (share === 1 || this.random.integer(1, million) <= share * million)
    if (isHit) this.#hits++
    return isHit
  }

  #isPage({ isList, isLastPage }: Visit, page: number): boolean {
    const wanted = this.#when.page
    if (wanted === undefined) return true
    if (!isList) return false
    if (wanted === 'last') return isLastPage()
    return includesNumber(wanted === 'first' ? 1 : wanted, page)
  }
}
