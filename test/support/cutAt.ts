/** A body in pieces, cut at these offsets. */
export function cutAt(body: Uint8Array, ...offsets: number[]): Uint8Array[] {
  const ends = [...offsets, body.length].map(offset => Math.min(offset, body.length)).sort((a, b) => a - b)
  let start = 0
  return ends.map(end => {
    const piece = body.subarray(start, end)
    start = end
    return piece
  })
}

/** A body byte by byte. */
export function byteByByte(body: Uint8Array): Uint8Array[] {
  return Array.from(body, (_, at) => body.subarray(at, at + 1))
}
