// Decodes one page repeatedly in this process, with the decoder that WAY names. Prints the seconds per page.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { generateLeads } from 'leadpipe/portal'
import { parser } from 'stream-json/parser.js'
import { streamArray } from 'stream-json/streamers/stream-array.js'
import type { ElementDecoder } from '../../dist/decode/ElementDecoder.js'
import { expressDecoder } from '../../dist/decode/expressDecoder.js'
import { streamJsonDecoder } from '../../dist/decode/streamJsonDecoder.js'

const leads = 100
const page = Buffer.from(JSON.stringify([...generateLeads({ count: leads })]))
const chunks = Array.from({ length: Math.ceil(page.length / 65_536) }, (_, index) =>
  page.subarray(index * 65_536, (index + 1) * 65_536),
)
const options = { page: 1, path: [], maxLeadBytes: 2 ** 24, maxDepth: 100 }

function decode(decoder: ElementDecoder): number {
  let count = 0
  for (const chunk of chunks) for (const _ of decoder.write(chunk)) count += 1
  decoder.end()
  return count
}

const ways: Record<string, () => number | Promise<number>> = {
  express: () => decode(expressDecoder(options)),
  'stream-json': () => decode(streamJsonDecoder(options)),
  'stream-json-streams': async () => {
    let count = 0
    const items = streamArray.asStream()
    items.on('data', () => {
      count += 1
    })
    await pipeline(Readable.from(chunks), parser.asStream({ streamValues: false }), items)
    return count
  },
  'JSON.parse': () => (JSON.parse(Buffer.concat(chunks).toString()) as unknown[]).length,
}

const way = ways[process.env.WAY as string] as () => number | Promise<number>
async function measure(milliseconds: number): Promise<number> {
  const started = performance.now()
  let pages = 0
  for (; performance.now() - started < milliseconds; pages += 1) {
    if ((await way()) !== leads) throw new Error('leads are missing')
  }
  return (performance.now() - started) / 1_000 / pages
}
await measure(1_000)
console.log(JSON.stringify({ seconds: await measure(2_000), bytes: page.length }))
