import type { ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { type Listening, listen } from './listen.ts'

/** A lead of a drifting portal, with only the fields that paging reads. */
export interface DriftingLead {
  guid: string
  insertedAt: number
  isDeleted: boolean
  message?: string
}

/** How a drifting portal answers. */
export interface DriftOptions {
  startTime: 'inclusive' | 'exclusive'
  stopTime: 'inclusive' | 'exclusive'
  /** The most leads of a page, whatever `max` says; as a pair, a random number between both for each page. */
  cap: number | readonly [number, number]
  /** Whether ties have a new order for each request. */
  reorder: boolean
  /** Whether it supports descending order; otherwise it ignores the direction. */
  descends: boolean
  /** The share of the bodies that break off, from 0 to 1. */
  cuts: number
  /** Called before each answer, to change leads. */
  drift(portal: DriftingPortal, request: number): void
}

/**
 * Serves a list of leads that changes between requests, as the API's documentation says. It shares no code with
 * leadpipe or its portal.
 */
export class DriftingPortal {
  readonly leads = new Map<string, DriftingLead>()
  /** The time in the Date of the answers, long after every initial pivot. */
  readonly now = 4_000_000_000_000
  requests = 0
  /** The guids of leads that existed all the time, with the same pivot. */
  readonly steady = new Set<string>()
  #origin: Listening | undefined
  readonly #options: DriftOptions
  readonly #chance: () => number

  constructor(leads: readonly DriftingLead[], options: DriftOptions, chance: () => number) {
    for (const lead of leads) {
      this.leads.set(lead.guid, lead)
      if (!lead.isDeleted) this.steady.add(lead.guid)
    }
    this.#options = options
    this.#chance = chance
  }

  get origin(): string {
    return this.#origin?.origin ?? ''
  }

  /** The targets of the requests. */
  get targets(): string[] {
    return this.#origin?.targets ?? []
  }

  async start(t: Test): Promise<this> {
    this.#origin = await listen(t, (request, response) => this.#answer(request.url ?? '', response))
    return this
  }

  change(guid: string, changes: Partial<DriftingLead>): void {
    const lead = this.leads.get(guid)
    if (lead === undefined) return
    this.leads.set(guid, { ...lead, ...changes })
    this.steady.delete(guid)
  }

  insert(lead: DriftingLead): void {
    if (!this.leads.has(lead.guid)) this.leads.set(lead.guid, lead)
  }

  /** A random lead. */
  pick(): DriftingLead | undefined {
    const all = [...this.leads.values()]
    return all[Math.floor(this.#chance() * all.length)]
  }

  #answer(url: string, response: ServerResponse): void {
    this.requests += 1
    this.#options.drift(this, this.requests)
    const body = Buffer.from(JSON.stringify(this.#page(new URL(url, 'http://localhost').searchParams)))
    response.setHeader('Date', new Date(this.now).toUTCString())
    response.setHeader('Content-Length', body.length)
    if (this.#chance() >= this.#options.cuts) {
      response.end(body)
      return
    }
    response.write(body.subarray(0, Math.floor(this.#chance() * body.length)), () => response.destroy())
  }

  #page(query: URLSearchParams): DriftingLead[] {
    const { startTime, stopTime, cap, reorder } = this.#options
    const bound = (name: string, inclusive: boolean, sign: 1 | -1) => {
      const value = query.get(name)
      if (value === null) return () => true
      const time = Number(value)
      return ({ insertedAt }: DriftingLead) =>
        sign * (insertedAt - time) > 0 || (inclusive && insertedAt === time)
    }
    const after = bound('startTime', startTime === 'inclusive', 1)
    const before = bound('stopTime', stopTime === 'inclusive', -1)
    const byGuid = query.get('sort') === 'guid'
    const ties = new Map(
      [...this.leads.keys()].map((guid, index) => [guid, reorder ? this.#chance() : index]),
    )
    const tie = (lead: DriftingLead) => ties.get(lead.guid) ?? 0
    const list = [...this.leads.values()]
      .filter(lead => !lead.isDeleted && after(lead) && before(lead))
      .sort((a, b) => (byGuid ? (a.guid < b.guid ? -1 : 1) : a.insertedAt - b.insertedAt || tie(a) - tie(b)))
    if (query.get('dir') === 'desc' && this.#options.descends) list.reverse()
    const offset = Number(query.get('offset') ?? 0)
    const most = typeof cap === 'number' ? cap : cap[0] + Math.floor(this.#chance() * (cap[1] - cap[0]))
    return list.slice(offset, offset + Math.min(Number(query.get('max')), most))
  }
}
