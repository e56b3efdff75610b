const newline = 0x0a

/**
 * The lines of a text in UTF-8, without their ends (`\n` or `\r\n`); the last one need not have one. Holds one line
 * at a time.
 *
 * @param most bytes of a line, its end not counted
 * @throws {RangeError} at a line that is longer
 */
export async function* linesOf(text: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let held: Uint8Array[] = []
  let length = 0
  let line = 1
  const hold = (bytes: Uint8Array) => {
    held.push(bytes)
    length += bytes.length
    if (length > most) throw new RangeError(`line ${line} is longer than ${most} bytes`)
  }
  const take = (): string => {
    const text = decoder.decode(held.length === 1 ? held[0] : Buffer.concat(held))
    held = []
    length = 0
    line += 1
    return text.endsWith('\r') ? text.slice(0, -1) : text
  }
  for await (const chunk of text) {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      hold(chunk.subarray(start, end))
      yield take()
      start = end + 1
    }
    if (start < chunk.length) hold(chunk.subarray(start))
  }
  if (length > 0) yield take()
}
