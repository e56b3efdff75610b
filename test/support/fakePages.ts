import { Readable } from 'node:stream'
import { expressDecoder } from '../../lib/decode/expressDecoder.ts'
import type { PageRequest, Pager, Plan } from '../../lib/paging/Pager.ts'
import type { PageSource } from '../../lib/sources/Page.ts'

/** A request for a page of numbers. */
export interface NumbersRequest extends PageRequest {
  readonly from: number
  readonly max: number
}

/** Requests the numbers from `from` to `end`, `size` a page; the cursor is the next number. */
export class NumbersPager implements Pager<number, NumbersRequest, number> {
  /** The number of wanted elements at each request. */
  readonly wanted: number[] = []
  #next: number
  readonly #end: number
  readonly #size: number

  constructor(from: number, end: number, size: number) {
    this.#next = from
    this.#end = end
    this.#size = size
  }

  next(wanted: number): NumbersRequest | undefined {
    if (this.#next >= this.#end || wanted <= 0) return undefined
    this.wanted.push(wanted)
    return { from: this.#next, max: Math.min(this.#size, this.#end - this.#next, wanted) }
  }

  take: Pager<number, NumbersRequest, number>['take'] = (element, emit) => {
    this.#next += 1
    emit(element, this.#next)
    return undefined
  }

  finish(): void {}

  interrupt(received: number): boolean {
    return received > 0
  }
}

/** A list of numbers, in stretches of `stretch` numbers. */
export function numbersPlan(
  count: number,
  stretch: number,
  page: number,
): Plan<number, NumbersRequest, number> {
  let next = 0
  return {
    start: 0,
    next(wanted) {
      if (next >= count || wanted <= 0) return undefined
      const place = next
      next = Math.min(count, next + stretch)
      return { pager: new NumbersPager(place, next, page), expected: next - place, order: place }
    },
    done: () => 'continue',
  }
}

/** The text of a page: the requested numbers, with `width` digits each. */
export const bodyOf = ({ from, max }: NumbersRequest, width = 1): string =>
  JSON.stringify(Array.from({ length: max }, (_, index) => String(from + index).padStart(width, '0')))

/** Pages of numbers from the result of `answer`: a text, or its parts; it may throw or be asynchronous. */
export function numbersSource(
  answer: (request: NumbersRequest, signal: AbortSignal) => unknown = request => bodyOf(request),
): PageSource<number, NumbersRequest> {
  return {
    origin: 'http://numbers',
    async fetchPage(request, signal) {
      const parts = await answer(request, signal)
      if (parts instanceof Readable) return { body: parts }
      const text = typeof parts === 'string' ? [parts] : (parts as AsyncIterable<string>)
      return { body: Readable.from(text, { objectMode: false }) }
    },
    decoder: page => expressDecoder({ page, path: [], maxLeadBytes: 1e6, maxDepth: 10 }),
    recordOf: ({ value }) => Number(value),
    async backOff(error, failures) {
      if (failures > 3) throw error
    },
  }
}

/** The values of items. */
export const valuesOf = (items: readonly { value: unknown }[]): unknown[] => items.map(({ value }) => value)

/** The numbers from `from` to `end`, exclusive. */
export const numbers = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, index) => from + index)
