const runs = 3

/**
 * The peak memory that a process needs, in megabytes: the least of up to three runs. What garbage it holds at its
 * worst moment is chance, up to 30 from one run to the next on a busy machine; what grows with its input does so
 * in each run.
 *
 * @param run runs the process once; resolves to its peak
 * @param enough a peak below which no further run is of interest
 */
export async function leastPeak(run: () => Promise<number>, enough: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let count = 0; count < runs && least >= enough; count += 1) least = Math.min(least, await run())
  return least
}
