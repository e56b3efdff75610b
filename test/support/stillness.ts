import { eventually } from './eventually.ts'

/** Resolves when no more bytes have arrived for a while. */
export async function stillness(source: { readonly counts: { readonly bytes: number } }): Promise<void> {
  let last = -1
  let quiet = 0
  await eventually(
    () => {
      quiet = source.counts.bytes === last ? quiet + 1 : 0
      last = source.counts.bytes
      return quiet > 500
    },
    true,
    50_000,
  )
}
