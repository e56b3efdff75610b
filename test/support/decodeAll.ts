import type { DecodeCounts, DecoderOptions, ElementDecoder } from '../../lib/decode/ElementDecoder.ts'
import { expressDecoder } from '../../lib/decode/expressDecoder.ts'
import { streamJsonDecoder } from '../../lib/decode/streamJsonDecoder.ts'
import type { LeadpipeErrorOf } from '../../lib/errors.ts'
import { addChanges, type Changes, noChanges } from '../../lib/stage/Changes.ts'

/** Both decoders, by the name of the option that selects them. */
export const lanes = { express: expressDecoder, 'stream-json': streamJsonDecoder } as const
export type Lane = keyof typeof lanes
export const laneNames = Object.keys(lanes) as Lane[]

/** The result of decoding a body, up to its end or its error. */
export interface Decoded {
  elements: unknown[]
  counts: DecodeCounts
  /** The changes of all elements. */
  changes: Changes
  /** The JSON around the array. */
  envelope: unknown
  error: LeadpipeErrorOf<'DECODE'> | undefined
}

/** Decodes chunks with one decoder. */
export function decodeAll(
  lane: Lane,
  chunks: Iterable<Uint8Array>,
  options: Partial<DecoderOptions> = {},
): Decoded {
  const decoder: ElementDecoder = lanes[lane]({
    page: 1,
    path: [],
    maxLeadBytes: 2 ** 20,
    maxDepth: 100,
    ...options,
  })
  const elements: unknown[] = []
  const changes = noChanges()
  let error: LeadpipeErrorOf<'DECODE'> | undefined
  try {
    for (const chunk of chunks) {
      for (const element of decoder.write(chunk)) {
        elements.push(element.value)
        if (element.changes !== undefined) addChanges(changes, element.changes)
      }
    }
    decoder.end()
  } catch (thrown) {
    error = thrown as LeadpipeErrorOf<'DECODE'>
  }
  return { elements, counts: decoder.counts, changes, envelope: decoder.envelope, error }
}
