import type { Readable } from 'node:stream'

/** The beginning of a body. */
export interface BodyText {
  text: string
  /** Whether there was more than `limit`. */
  cut: boolean
  /** Why it broke off, if it did; the text is what came before. */
  failure?: unknown
}

/** Reads a body up to a limit in bytes; lets go of the rest, so that its connection is free or closed. */
export async function readText(body: Readable, limit: number): Promise<BodyText> {
  const chunks: Buffer[] = []
  let length = 0
  const read = () => ({
    text: Buffer.concat(chunks).toString('utf8', 0, Math.min(length, limit)),
    cut: length > limit,
  })
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > limit) break
    }
    return read()
  } catch (failure) {
    return { ...read(), failure }
  }
}
