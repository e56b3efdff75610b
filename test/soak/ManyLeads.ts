const firstTime = 1_300_000_000_000
const second = 1_000
/** The number of leads from one import to the next. */
const period = 50_000
/** Leads of one import, all with the same time: more than three pages. */
const bulk = 350
const filling = 'What people write into forms. '.repeat(14)

/** A list of any number of leads that are computed on demand. */
export class ManyLeads {
  readonly count: number

  constructor(count: number) {
    this.count = count
  }

  timeOf(index: number): number {
    const inPeriod = index % period
    return firstTime + (inPeriod < bulk ? index - inPeriod : index) * second
  }

  /** The guid of a lead; leads of the same time are in another order by guid than by number. */
  guidOf(index: number): string {
    const mixed = Math.imul(index + 1, 0x9e3779b1) >>> 0
    return `${mixed.toString(16).padStart(8, '0')}-${index.toString().padStart(8, '0')}`
  }

  /** The number of the first lead that is later than a time. */
  firstAfter(time: number): number {
    let [from, to] = [0, this.count]
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      if (this.timeOf(middle) > time) to = middle
      else from = middle + 1
    }
    return from
  }

  /** A page as the Leads API returns it: after startTime, up to stopTime, by time or by guid. */
  page(parameters: URLSearchParams): string {
    const number = (name: string, otherwise: number) => Number(parameters.get(name) ?? otherwise)
    const from = this.firstAfter(number('startTime', Number.NEGATIVE_INFINITY))
    const to = this.firstAfter(number('stopTime', Number.POSITIVE_INFINITY))
    const offset = number('offset', 0)
    const max = number('max', 20)
    const numbers =
      parameters.get('sort') === 'guid'
        ? this.inOrderOfGuid(from, to).slice(offset, offset + max)
        : range(Math.min(to, from + offset), Math.min(to, from + offset + max))
    return `[${numbers.map(index => this.#text(index)).join(',')}]`
  }

  /** The numbers of the leads of a range, ordered by guid. */
  inOrderOfGuid(from: number, to: number): number[] {
    return range(from, to)
      .map(index => ({ index, guid: this.guidOf(index) }))
      .sort((a, b) => (a.guid < b.guid ? -1 : 1))
      .map(({ index }) => index)
  }

  /** The numbers of all leads, ordered by time, then by guid. */
  *inOrder(): Generator<number> {
    for (let from = 0; from < this.count; ) {
      const to = this.firstAfter(this.timeOf(from))
      yield* this.inOrderOfGuid(from, to)
      from = to
    }
  }

  #text(index: number): string {
    return `{"guid":"${this.guidOf(index)}","insertedAt":${this.timeOf(index)},"isCustomer":false,"message":"${filling}"}`
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)
