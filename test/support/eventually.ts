/**
 * Asks again, a turn of the event loop later, until the answer is `wanted` or so many turns are over; returns
 * the last answer. For what the system does in its own time, such as closing a socket.
 */
export async function eventually<T>(probe: () => T | Promise<T>, wanted: T, turns = 5_000): Promise<T> {
  let answer = await probe()
  for (let turn = 0; turn < turns && answer !== wanted; turn += 1) {
    await new Promise(resolve => setImmediate(resolve))
    answer = await probe()
  }
  return answer
}
