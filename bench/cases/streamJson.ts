// stream-json piped by hand, page after page, to one file. No check, no retry; constant memory.
import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parser } from 'stream-json/parser.js'
import { streamArray } from 'stream-json/streamers/stream-array.js'
import { Pool } from 'undici'
import { linesOf } from '../byHand.ts'
import { exportCase } from '../exportCase.ts'

await exportCase(async (origin, path) => {
  const pool = new Pool(origin, { connections: 1 })
  // Each page's pipeline adds listeners to the file: without this, Node would warn of a leak.
  const file = createWriteStream(path).setMaxListeners(0)
  let offset = 0
  for (let received = 1; received > 0; offset += received) {
    received = 0
    const { body } = await pool.request({
      method: 'GET',
      path: `/leads/v1/list?access_token=bench&max=100&offset=${offset}`,
    })
    const toLine = new Transform({
      writableObjectMode: true,
      transform({ value }, _encoding, callback) {
        received += 1
        callback(null, linesOf(value))
      },
    })
    await pipeline(body, parser.asStream({ streamValues: false }), streamArray.asStream(), toLine, file, {
      end: false,
    })
  }
  await new Promise(resolve => file.end(resolve))
  await pool.close()
})
