/** The lines of a text, without their ends; the last one need not have one. Holds one line at a time. */
export async function* linesOf(text: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let held: string[] = []
  for await (const chunk of text) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n')
    const last = parts.pop() as string
    for (const part of parts) {
      yield held.join('') + part
      held = []
    }
    held.push(last)
  }
  const rest = held.join('') + decoder.decode()
  if (rest !== '') yield rest
}
