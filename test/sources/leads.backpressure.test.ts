import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { eventually } from '../support/eventually.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/**
 * Far more than the buffers of both sockets (the kernel's may grow to tens of MiB), of undici, of gunzip and
 * of the source can hold together. The server writes only as much as is accepted.
 */
const size = 1024 * 1024 * 1024
const lead = JSON.stringify({ guid: 'x', text: Array.from({ length: 2_000 }, (_, i) => i).join() })
const piece = Buffer.from(`${lead},`.repeat(10))

/**
 * A body that is written only as fast as it is accepted. `written` is its size so far; `stopped` resolves when the
 * socket has accepted nothing for many turns of the event loop.
 */
function serveEndless(t: Test, pack: (piece: Buffer) => Buffer, encoding: string) {
  const state = { written: 0, socket: undefined as Socket | undefined }
  const packed = pack(piece)
  const served = listen(t, (request, response) => {
    state.socket = request.socket
    response.writeHead(200, { 'Content-Encoding': encoding })
    response.write(pack(Buffer.from('[')))
    const more = () => {
      while (state.written < size) {
        state.written += packed.length
        if (!response.write(packed)) return void response.once('drain', more)
      }
      response.end(pack(Buffer.from(`${lead}]`)))
    }
    more()
  })
  /** Resolves to `written` when it has not grown for a while. */
  async function stopped(): Promise<number> {
    let last = -1
    let quiet = 0
    await eventually(
      () => {
        quiet = state.written === last ? quiet + 1 : 0
        last = state.written
        return quiet > 2_000
      },
      true,
      1_000_000,
    )
    return last
  }
  return { served, state, stopped }
}

for (const [encoding, pack] of [
  ['identity', (piece: Buffer) => piece],
  // Gzip without compression, so that as many bytes are sent.
  ['gzip', (piece: Buffer) => gzipSync(piece, { level: 0 })],
] as const) {
  for (const decode of ['express', 'stream-json'] as const) {
    t.test(
      `backpressure: ${decode}, ${encoding}: while the source is not read, its socket is not read`,
      async t => {
        const { served, state, stopped } = serveEndless(t, pack, encoding)
        const { origin } = await served
        const source = leadsByOffset(openClient(t, origin), { decode })
        const iterator = source[Symbol.asyncIterator]()
        for (let i = 0; i < 3; i += 1) t.equal((await iterator.next()).value?.guid, 'x')
        const first = await stopped()
        t.ok(first < size / 4, `${first} bytes were written before the server had to wait`)
        t.ok(
          source.counts.delivered <= 3 + source.readableHighWaterMark,
          'at most highWaterMark leads are buffered',
        )
        for (let i = 0; i < 500; i += 1) await iterator.next()
        const second = await stopped()
        t.ok(second < size / 4 + 500 * lead.length, `${second} bytes were written after 500 more leads`)
        await iterator.return?.()
        t.ok(await eventually(() => state.socket?.destroyed, true))
      },
    )
  }
}
