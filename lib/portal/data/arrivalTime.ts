const start = 1_262_304_000_000 // 2010-01-01
const day = 86_400_000
const doubling = 60 * day

/**
 * The arrival time of the lead with this index (from 0): milliseconds since 1970, ascending with the index.
 *
 * The portal doubles its leads every 60 days. So ten leads as well as ten million are spread over 2010 to 2013,
 * although a lead can't know the number of leads after it: the first hundred of a thousand must equal the hundred
 * alone.
 */
export function arrivalTime(index: number): number {
  const n = index + 1
  const doublings = 31 - Math.clz32(n)
  const fraction = n / (1 << doublings) - 1
  return start + Math.floor((doublings + fraction) * doubling)
}
