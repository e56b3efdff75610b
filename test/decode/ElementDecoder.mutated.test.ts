import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { bodies, cuts } from '../support/bodies.ts'
import { cutAt } from '../support/cutAt.ts'
import { decodeAll } from '../support/decodeAll.ts'

const numRuns = Number(process.env.MUTATIONS ?? 1_500)

const byte = fc.oneof(
  fc.constantFrom(...Buffer.from('[]{},:"\\ \n\t0123456789.eE+-truefalsn\u0000/ua')),
  fc.nat({ max: 255 }),
)

/** A change of a few bytes; `at` is a share of the body's length. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat({ max: 3 }),
  repeated: fc.nat({ max: 3 }),
  put: fc.array(byte, { maxLength: 2 }),
})

function mutate(
  body: Buffer,
  { at, removed, repeated, put }: typeof mutation extends fc.Arbitrary<infer M> ? M : never,
) {
  const from = Math.round(at * body.length)
  return Buffer.concat([
    body.subarray(0, from),
    Buffer.from(put),
    body.subarray(from + removed, from + removed + repeated),
    body.subarray(from + removed),
  ])
}

/** The elements of a body by JSON.parse; undefined if it is not a JSON array. */
function parsed(body: Buffer): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

t.test(
  'decoder: both lanes accept the same damaged bodies as JSON.parse, with the same elements',
  async () => {
    fc.assert(
      fc.property(
        bodies,
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        cuts,
        ({ body }, changes, shares) => {
          const damaged = changes.reduce(mutate, body)
          const chunks = cutAt(damaged, ...shares.map(share => Math.round(share * damaged.length)))
          const express = decodeAll('express', chunks)
          const streamJson = decodeAll('stream-json', chunks)
          const expected = parsed(damaged)
          deepStrictEqual(
            streamJson.error === undefined,
            expected !== undefined,
            `stream-json: ${streamJson.error}`,
          )
          deepStrictEqual(express.error === undefined, expected !== undefined, `express: ${express.error}`)
          for (const { error, elements, counts } of [express, streamJson]) {
            if (error === undefined) {
              deepStrictEqual(elements, expected)
              deepStrictEqual(counts.scanned, elements.length)
              deepStrictEqual(counts.tokenised, elements.length)
            } else {
              deepStrictEqual(error.code, 'DECODE')
            }
            deepStrictEqual(counts.decoded, elements.length)
          }
          if (expected !== undefined) deepStrictEqual(express.counts, streamJson.counts)
        },
      ),
      { numRuns },
    )
  },
)
