import { type Hits, noHits } from '../faults/FaultPlan.ts'
import { sendFaulty } from '../faults/sendFaulty.ts'
import type { Answer } from './Answer.ts'
import { answerCall } from './answerCall.ts'
import { authorize } from './authorize.ts'
import { acceptsGzip, compress } from './compress.ts'
import { type Exchange, readClock } from './Exchange.ts'
import { errorAnswer } from './errorAnswer.ts'
import { readBody } from './readBody.ts'
import { route } from './route.ts'
import { sendAnswer } from './sendAnswer.ts'
import { isDisconnected, untilDisconnected } from './waits.ts'

/** Answers one request, or applies a fault to it, and records it. */
export async function respond(exchange: Exchange): Promise<void> {
  const { request, response, served } = exchange
  const { settings, limiter, tokens, faults, log } = served
  const { method = '', url = '' } = request
  let at = Date.now()
  let hits = noHits
  let answer: Answer | undefined
  try {
    at = readClock(exchange)
    const routed = route(request, settings)
    const { isLastPage, isOpen, group } = routed
    let { call } = routed
    if (!isOpen) {
      call = { ...call, token: authorize(call.query, request.headers, tokens, at) }
      for (const [name, value] of Object.entries(limiter.take(at, group))) response.setHeader(name, value)
    }
    let now = at
    if (method !== 'GET') {
      call = { ...call, body: await readBody(request) }
      now = readClock(exchange)
    }
    hits = faults.hits({
      ...call,
      isList: isLastPage !== undefined,
      isLastPage: () => isLastPage?.(call, served, now) === true,
    })
    answer = await answerCall(exchange, { ...routed, call }, hits, now)
  } catch (error) {
    answer = errorAnswer(error, settings.errors)
  }
  const status = isDisconnected(response) ? 0 : (answer?.status ?? 0)
  log.add({ method, url, status, at, faults: hits.rules })
  await (answer === undefined ? withhold(exchange, hits) : send(exchange, answer, hits))
}

/** Sends no answer: the connection is reset, or stays open. */
async function withhold({ request, response }: Exchange, { answer: fault }: Hits): Promise<void> {
  if (fault?.kind === 'reset') request.socket.resetAndDestroy()
  else await untilDisconnected(response)
}

async function send(
  { request, response, served }: Exchange,
  answer: Answer,
  { answer: fault }: Hits,
): Promise<void> {
  const isCompressible = served.settings.gzip === 'auto'
  if (isCompressible) response.setHeader('Vary', 'Accept-Encoding')
  const isCompressed = isCompressible && acceptsGzip(request.headers['accept-encoding'])
  const encoded = isCompressed ? await compress(answer) : answer
  if (fault?.kind === 'cut' || fault?.kind === 'drip' || fault?.kind === 'stall') {
    await sendFaulty(response, encoded, fault)
  } else {
    await sendAnswer(response, encoded)
  }
}
