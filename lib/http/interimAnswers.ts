import type { Duplex } from 'node:stream'

/** Where an interim answer begins. Not 101: that changes the protocol, and no request asks for it. */
const interim = /^HTTP\/1\.\d 1(?!01)\d\d$/
const example = 'HTTP/1.1 100'
const headEnd = '\r\n\r\n'
/** Bytes of an unfinished interim answer that are held back. A longer one goes to undici, which refuses it. */
const longestHead = 16_384

/**
 * Removes the interim answers (1xx) before each answer from what undici reads: it takes a 100 that it did not ask for
 * as a failure, although the server has the request, and each 102 or 103 would start the timeout of the headers anew.
 *
 * An answer begins with the first bytes after a write, because a request is written in one turn, before its answer is
 * read.
 */
export function skipInterimAnswers<T extends Duplex>(socket: T): T {
  const { read, write } = socket
  let isAwaited = false
  let held: Buffer = Buffer.alloc(0)
  return Object.assign(socket, {
    write(...chunk: Parameters<typeof write>) {
      isAwaited = true
      return write.apply(socket, chunk)
    },
    read(size?: number): Buffer | null {
      for (;;) {
        const chunk: Buffer | null = read.call(socket, size)
        if (chunk === null || !isAwaited) return chunk
        held = withoutInterim(held.length === 0 ? chunk : Buffer.concat([held, chunk]))
        if (mayBeInterim(held)) continue
        const answer = held
        held = Buffer.alloc(0)
        isAwaited = false
        return answer
      }
    },
  })
}

/** The bytes after the complete interim answers. */
function withoutInterim(bytes: Buffer): Buffer {
  let rest = bytes
  for (let end = 0; end >= 0 && isInterim(rest); ) {
    end = rest.indexOf(headEnd)
    if (end >= 0) rest = rest.subarray(end + headEnd.length)
  }
  return rest
}

const isInterim = (bytes: Buffer) => interim.test(bytes.toString('latin1', 0, example.length))

/** Whether bytes without a complete interim answer may be the beginning of one. */
function mayBeInterim(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, example.length)
  return bytes.length <= longestHead && interim.test(start + example.slice(start.length))
}
