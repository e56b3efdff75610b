const replacement = '\ufffd'
const replacementBytes = Buffer.from(replacement)

/** How many U+FFFD in `text` stand for invalid UTF-8. Those that were in the decoded bytes themselves do not count. */
export function countReplaced(text: string, bytes: Buffer): number {
  if (!text.includes(replacement)) return 0
  return text.split(replacement).length - 1 - countGenuine(bytes)
}

/** Creates a `countReplaced` for text that is decoded chunk by chunk: a genuine U+FFFD may span two chunks. */
export function createCountReplaced(): typeof countReplaced {
  // The last two bytes so far: too few to contain a whole U+FFFD.
  let seam = Buffer.alloc(0)
  return (text, bytes) => {
    const count = countReplaced(text, bytes)
    const acrossSeam = countGenuine(Buffer.concat([seam, bytes.subarray(0, 2)]))
    seam = Buffer.concat([seam, bytes.subarray(-2)]).subarray(-2)
    return count - acrossSeam
  }
}

function countGenuine(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(replacementBytes); at !== -1; at = bytes.indexOf(replacementBytes, at + 3)) {
    count += 1
  }
  return count
}
