import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/*
 * This file uses only whole numbers and comparisons, and no Math function whose last digit differs between engines,
 * so that a seed makes the same leads on every machine.
 */

/** Draws from a seeded sequence: the same seed makes the same draws. */
export class Random {
  readonly #generator

  /**
   * @param seed a whole number from 0 to 4294967295
   * @param stream the number of the seed's sequence, from 0: each begins 2^64 draws after the previous one, so that
   * no two overlap. Sequence 0 is used for the data.
   */
  constructor(seed: number, stream = 0) {
    this.#generator = xoroshiro128plus(seed)
    // Sequence 0 jumps too: neighbouring seeds begin alike, because their states differ in a few bits only.
    for (let jumps = 0; jumps <= stream; jumps++) this.#generator.jump()
  }

  /** A whole number; both bounds are included. */
  integer(from: number, to: number): number {
    return uniformInt(this.#generator, from, to)
  }

  /** True with a probability of `share` percent. */
  percent(share: number): boolean {
    return this.integer(0, 99) < share
  }

  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)] as T
  }

  /** One element, with the probability of its weight. The weights add up to 100. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let remaining = this.integer(0, 99)
    for (const element of list) {
      remaining -= element.weight
      if (remaining < 0) return element
    }
    throw new Error('The weights of the list do not add up to 100')
  }

  /** Lower-case hexadecimal digits, a multiple of eight of them. */
  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += (this.#generator.next() >>> 0).toString(16).padStart(8, '0')
    return text
  }
}
