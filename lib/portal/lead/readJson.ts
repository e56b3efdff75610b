import { Refusal } from '../Refusal.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the body of a PUT.
 *
 * @throws Refusal 400 for a body that is not JSON in UTF-8.
 */
export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch (error) {
    throw new Refusal(400, `The body is not JSON: ${(error as Error).message}`)
  }
}

/** Whether a content type is JSON; parameters such as a charset are ignored. */
export function isJson(contentType = ''): boolean {
  return /^application\/json *(;|$)/i.test(contentType.trim())
}
