import type { SeekCursor } from './SeekCursor.ts'
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
    const window: SeekWindow = { from: gap.from, end: Math.min(end, gap.end), most }
    if (window.end < gap.end) gap.from = { time: window.end - 1 }
    else this.#gaps.shift()
    return window
  }

  /** Takes back what a window covered and will not read. */
  add(first: number, end: number): void {
    this.#gaps.push({ from: { time: first - 1 }, end })
    this.#gaps.sort((a, b) => a.from.time - b.from.time)
  }

  /** Takes note that a window was read up to a time: short of its end, or beyond it, where nothing came. */
  read({ from, end }: SeekWindow, before: number): void {
    if (before < end) {
      this.add(before, end)
      return
    }
    this.#gaps = this.#gaps.flatMap(gap => {
      if (gap.from.time < from.time || gap.from.time >= before - 1) return [gap]
      return gap.end <= before ? [] : [{ from: { time: before - 1 }, end: gap.end }]
    })
  }
}
