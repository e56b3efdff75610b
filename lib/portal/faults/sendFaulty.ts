import type { ServerResponse } from 'node:http'
import { type Answer, bodyBytes } from '../server/Answer.ts'
import { sendAnswer, writeBody, writeHead } from '../server/sendAnswer.ts'
import { isDisconnected, pause, untilDisconnected } from '../server/waits.ts'
import type { CutFault, DripFault, StallFault } from './Fault.ts'

/** A fault in the way that a body is sent. */
export type SendFault = CutFault | DripFault | StallFault

const defaultInterval = 10

/** Sends an answer with a fault; resolves when it is sent or its connection is closed. */
export function sendFaulty(response: ServerResponse, answer: Answer, fault: SendFault): Promise<void> {
  if (fault.kind === 'cut') return sendCut(response, answer, fault)
  return fault.kind === 'drip'
    ? sendDrip(response, answer, fault)
    : sendStalled(response, answer, fault.at ?? 0)
}

async function sendCut(response: ServerResponse, answer: Answer, { at, framing = 'length' }: CutFault) {
  const body = firstPart(answer, at)
  if (framing === 'whole') return sendAnswer(response, { ...answer, body })
  writeHead(response, answer, framing)
  response.flushHeaders()
  await writeBody(response, body)
  // Closes when everything written is sent. Ending the response would tell the client that the body is complete.
  response.req.socket.destroySoon()
}

async function sendStalled(response: ServerResponse, answer: Answer, at: number): Promise<void> {
  writeHead(response, answer)
  response.flushHeaders()
  await writeBody(response, firstPart(answer, at))
  await untilDisconnected(response)
}

async function sendDrip(
  response: ServerResponse,
  answer: Answer,
  { bytes, interval = defaultInterval }: DripFault,
) {
  writeHead(response, answer)
  const body = Buffer.concat(answer.body)
  for (let start = 0; start < body.length && !isDisconnected(response); start += bytes) {
    await writeBody(response, [body.subarray(start, start + bytes)])
    await pause(interval, response)
  }
  response.end()
}

function firstPart(answer: Answer, share: number): Buffer[] {
  return [Buffer.concat(answer.body).subarray(0, Math.floor(bodyBytes(answer) * share))]
}
