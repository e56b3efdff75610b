const [newline, carriageReturn] = [0x0a, 0x0d]

/**
 * The lines of a text, without their ends (`\n` or `\r\n`); the last line may lack its end. Holds one line at a time.
 *
 * @param maxBytes the maximum size of a line, without its end
 * @throws {RangeError} at a longer line
 */
export async function* linesOf(text: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = []
  let length = 0
  let line = 1
  const add = (bytes: Uint8Array) => {
    pieces.push(bytes)
    length += bytes.length
    if (length > maxBytes) throw new RangeError(`line ${line} is longer than ${maxBytes} bytes`)
  }
  const endLine = (): Buffer => {
    const bytes = Buffer.concat(pieces)
    pieces = []
    length = 0
    line += 1
    return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
  }
  for await (const chunk of text) {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      add(chunk.subarray(start, end))
      yield endLine()
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
  if (length > 0) yield endLine()
}
