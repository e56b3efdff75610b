const replacement = '\ufffd'
const replacementBytes = Buffer.from(replacement)

/** How many U+FFFD in `text` were not in the bytes that it was decoded from, but stand for bad UTF-8. */
export function countReplaced(text: string, bytes: Buffer): number {
  if (!text.includes(replacement)) return 0
  let count = text.split(replacement).length - 1
  for (let at = bytes.indexOf(replacementBytes); at !== -1; at = bytes.indexOf(replacementBytes, at + 3)) {
    count -= 1
  }
  return count
}
