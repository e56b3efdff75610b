import type { SeekCursor } from './SeekList.ts'
import type { SeekWindow } from './SeekPager.ts'

interface Gap {
  from: SeekCursor
  /** Times from here on are not in it. */
  end: number
}

/** The parts of a list that no window covers yet, in the order of time. */
export class Gaps {
  #gaps: Gap[]

  constructor(start: SeekCursor) {
    this.#gaps = [{ from: start, end: Number.POSITIVE_INFINITY }]
  }

  /** Where the first begins; undefined when there is none. */
  get first(): SeekCursor | undefined {
    return this.#gaps[0]?.from
  }

  /** Covers the beginning of the first. */
  take(end: number, most: number): SeekWindow {
    const gap = this.#gaps[0] as Gap
    const { from } = gap
    const window: SeekWindow = { from, end: Math.min(end, gap.end), most }
    this.#gaps.shift()
    if (window.end < gap.end) this.add({ time: window.end - 1 }, gap.end)
    return window
  }

  /** Takes back what a window covered and will not read. */
  add(from: SeekCursor, end: number): void {
    this.#gaps.push({ from, end })
    this.#gaps.sort((a, b) => a.from.time - b.from.time)
  }

  /** Takes note of where a window was read to: short of its end, or beyond it, where nothing came. */
  read({ from, end }: SeekWindow, to: SeekCursor): void {
    const before = to.time + 1
    if (before < end) {
      this.add(to, end)
      return
    }
    this.#gaps = this.#gaps.flatMap(gap => {
      if (gap.from.time < from.time || gap.from.time >= to.time) return [gap]
      return gap.end <= before ? [] : [{ ...gap, from: to }]
    })
  }
}
