import { deepStrictEqual, match } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import { byteByByte, cutAt } from '../support/cutAt.ts'
import { decodeAll, type Lane, laneNames } from '../support/decodeAll.ts'
import { root } from '../support/root.ts'

const sample = readFileSync(`${root}test/fixtures/lead-sample.json`)
const paths: Record<string, string[]> = { root: [], results: ['results'], nested: ['a', 'b'] }

const bodies: [path: keyof typeof paths, text: string][] = [
  ['root', '[{"a":1},{"b":[true,false,null]}]'],
  ['root', '\ufeff[1,2]'],
  ['root', ' \n\t [ 1 , 2 ] '],
  ['root', '[]'],
  ['root', '["\\u00e9\\"\\\\",-1.5e+10,"é漢😀",true,false,null,[[]],{}]'],
  ['results', '{"paging":{"next":[1]},"é\\"":"😀","results":[{"a":1},2],"n":-1.5e+10,"t":true}'],
  ['nested', '\ufeff{ "b" : [ 1 ] , "a" : { "c" : null , "b" : [ 1 , {} ] , "d" : [ false ] } }'],
]

t.test(
  'decoder: a body that ends too early is a retryable DECODE error with the problem "cut", wherever it ends',
  async t => {
    for (const lane of laneNames) {
      for (const [name, text] of bodies) {
        const path = paths[name] as string[]
        const body = Buffer.from(text.trimEnd())
        const { elements: all, error } = decodeAll(lane, [body], { path })
        t.equal(error, undefined, `${lane}: ${text}`)
        for (let end = 0; end < body.length; end += 1) {
          const cut = body.subarray(0, end)
          for (const chunks of [[cut], cutAt(cut, end >> 1), byteByByte(cut)])
            expectCut(lane, chunks, path, all)
        }
      }
    }
  },
)

function expectCut(lane: Lane, chunks: Uint8Array[], path: string[], all: unknown[]): void {
  const { elements, error } = decodeAll(lane, chunks, { path, page: 7 })
  const offset = Buffer.concat(chunks).length
  deepStrictEqual(
    { code: error?.code, retryable: error?.retryable, context: error?.context },
    { code: 'DECODE', retryable: true, context: { page: 7, offset, problem: 'cut' } },
    `${lane}: ${Buffer.concat(chunks)}: ${error}`,
  )
  match(error?.message ?? '', new RegExp(`^page 7, byte ${offset}: the body (ends|is empty)`))
  deepStrictEqual(
    elements,
    all.slice(0, elements.length),
    'the elements before the cut are decoded correctly',
  )
}

t.test('decoder: a lead that is cut anywhere is never emitted', async () => {
  const [lead] = JSON.parse(sample.toString()) as [Lead]
  const body = Buffer.from(JSON.stringify([{ ...lead, leadConversionEvents: [] }]))
  for (const lane of laneNames) {
    for (let end = 0; end < body.length; end += 1) {
      const { elements, error } = decodeAll(lane, [body.subarray(0, end)])
      const complete = end === body.length - 1 ? 1 : 0
      deepStrictEqual([error?.context.problem, elements.length], ['cut', complete], `${lane}: cut at ${end}`)
    }
  }
})

t.test(
  'decoder: the counts of a cut body add up: bytes, scanned, decoded and malformed elements',
  async t => {
    const body = Buffer.from('[{"a":1},{"b":2},{"c"')
    t.match(decodeAll('express', [body]).counts, { bytes: 21, scanned: 3, decoded: 2, malformed: 0 })
    t.match(decodeAll('stream-json', [body]).counts, { bytes: 21, scanned: 3, decoded: 2, malformed: 0 })
  },
)
