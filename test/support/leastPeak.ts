const runs = 3

/**
 * The least peak memory of up to three runs of a process, in megabytes. Garbage makes the peak vary by up to 30 on a
 * busy machine; growth with the input is in every run.
 *
 * @param run runs the process once; resolves to its peak
 * @param enough a peak below which no further run is needed
 */
export async function leastPeak(run: () => Promise<number>, enough: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let count = 0; count < runs && least >= enough; count += 1) least = Math.min(least, await run())
  return least
}
