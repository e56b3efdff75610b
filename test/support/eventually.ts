/**
 * Calls `probe` in each turn of the event loop until it returns `wanted`, for at most `turns` turns; returns the last
 * value. For things that take the system some time, such as closing a socket.
 */
export async function eventually<T>(probe: () => T | Promise<T>, wanted: T, turns = 5_000): Promise<T> {
  let answer = await probe()
  for (let turn = 0; turn < turns && answer !== wanted; turn += 1) {
    await new Promise(resolve => setImmediate(resolve))
    answer = await probe()
  }
  return answer
}
