import { changeData } from '../faults/changeData.ts'
import type { Hits } from '../faults/FaultPlan.ts'
import { spoilBody } from '../faults/spoilBody.ts'
import { statusAnswer } from '../faults/statusAnswer.ts'
import type { Answer } from './Answer.ts'
import type { Routed } from './Call.ts'
import { type Exchange, readClock } from './Exchange.ts'
import { isDisconnected, pause } from './waits.ts'

/**
 * The answer to a call that may be answered, with the faults that hit it; undefined if a fault withholds it, or if
 * the client has disconnected.
 *
 * @param at the time at which the call arrived with its body; after a wait, the clock is read again
 */
export async function answerCall(
  exchange: Exchange,
  { call, handler }: Routed,
  { delay, changes, page, answer: fault }: Hits,
  at: number,
): Promise<Answer | undefined> {
  const { response, served } = exchange
  let now = at
  if (delay > 0) {
    await pause(delay, response)
    if (isDisconnected(response)) return undefined
    now = readClock(exchange)
  }
  for (const change of changes) changeData(change, served, now)
  if (fault?.kind === 'expire') {
    served.tokens.expire(call.token, now)
    throw served.tokens.refusalOf(call.token, now)
  }
  if (fault?.kind === 'status') return statusAnswer(fault, served.settings.errors)
  if (fault?.kind === 'reset' || (fault?.kind === 'stall' && fault.at === undefined)) return undefined
  const answer = handler({ ...call, pageFaults: page }, served, now)
  if (fault?.kind === 'garbage' || fault?.kind === 'element' || fault?.kind === 'oversized') {
    return spoilBody(answer, fault)
  }
  return answer
}
