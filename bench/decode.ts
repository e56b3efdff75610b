import type { Outcome } from './outcome.ts'
import { type Case, medianOf, type Settings, takeTurns } from './turns.ts'

const way = (name: string, WAY: string): Case => ({ name, file: 'decode', env: { WAY } })
const express = way('express lane', 'express')
const cases = [
  express,
  way('stream-json lane', 'stream-json'),
  way("stream-json's own streams", 'stream-json-streams'),
  way('JSON.parse of the whole page', 'JSON.parse'),
]

/** Converts the bytes of one page to leads. */
export async function benchDecode({ rounds }: Settings): Promise<Outcome> {
  const results = await takeTurns<{ seconds: number; bytes: number }>(cases, { rounds })
  const { bytes = Number.NaN } = results.get(express.name)?.[0] ?? {}
  const secondsOf = (name: string) => medianOf(results.get(name), ({ seconds }) => seconds)
  const rows = cases.map(({ name }) => {
    const seconds = secondsOf(name)
    return { name, megabytesPerSecond: bytes / 1e6 / seconds, ratio: seconds / secondsOf(express.name) }
  })
  const title = `a page of 100 leads, ${(bytes / 1e3).toFixed(0)} kB, median of ${rounds}`
  return { benchmark: 'decode', title, reference: express.name, rows }
}
