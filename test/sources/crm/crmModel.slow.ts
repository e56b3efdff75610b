import fc from 'fast-check'
import t, { type Test } from 'tap'
import { compareIds } from '../../../lib/crm/recordId.ts'
import { type CrmOptions, type CrmPosition, contacts, type HubSpotClient } from '../../../lib/index.ts'
import { createPortal, type Portal } from '../../../lib/portal/index.ts'
import { manyProperties } from '../../support/crmRecords.ts'
import { instantClock } from '../../support/instantClock.ts'
import { jsonCopy } from '../../support/jsonCopy.ts'
import { listen } from '../../support/listen.ts'
import { openClient } from '../../support/openClient.ts'
import { seededRandom } from '../../support/seededRandom.ts'

/* Contacts of a portal that changes before each request, over restarts. */

interface Course {
  leads: number
  paging: 'id' | 'cursor'
  archived: boolean | 'both'
  /** Whether records are read by batch read. */
  byId: boolean
  associations: boolean
  concurrency: number
  seed: number
  /** The number of changes of each kind before each request. */
  creates: number
  updates: number
  archives: number
  unarchives: number
  merges: number
  /** The share of the bodies that break off. */
  cuts: number
  /** Faults of the portal: short pages, ids that batches leave out, refusals, tokens that expire. */
  faults: string[]
  /** The numbers of records after which the loop is left, for each start. */
  leave: number[]
}

/** The contacts of a portal: changes them, and knows which were in one list, archived or not, all the time. */
class Model {
  /** The contacts that stayed in the list of those that are not archived, and in the list of those that are. */
  readonly steady: Readonly<Record<'live' | 'archived', Set<string>>>
  readonly #portal: Portal
  readonly #chance: () => number
  #live: string[]
  #archived: string[]

  constructor(portal: Portal, chance: () => number) {
    this.#portal = portal
    this.#chance = chance
    const all = [...portal.crm.ids('contacts')]
    this.#archived = all.filter(() => chance() < 0.2)
    for (const id of this.#archived) portal.crm.archive('contacts', id)
    this.#live = [...portal.crm.ids('contacts')]
    this.steady = { live: new Set(this.#live), archived: new Set(this.#archived) }
  }

  change({ creates, updates, archives, unarchives, merges }: Course): void {
    const { crm } = this.#portal
    const { live, archived } = this.steady
    const email = () => ({ properties: { email: `${this.#chance()}@b.example` } })
    this.#live.push(...crm.insert('contacts', Array.from({ length: creates }, email)))
    for (const id of this.#pick(this.#live, updates))
      crm.update('contacts', id, { firstname: String(this.#chance()) })
    for (const id of this.#take(this.#live, archives)) {
      crm.archive('contacts', id)
      live.delete(id)
      this.#archived.push(id)
    }
    for (const id of this.#take(this.#archived, unarchives)) {
      crm.unarchive('contacts', id)
      archived.delete(id)
      this.#live.push(id)
    }
    for (let count = 0; count < merges; count += 1) {
      const [first, second] = this.#take(this.#live, 2)
      if (first === undefined || second === undefined) break
      this.#live.push(crm.merge('contacts', first, second))
      live.delete(first)
      live.delete(second)
    }
  }

  /** Up to `count` different ids. */
  #pick(ids: readonly string[], count: number): string[] {
    const places = Array.from({ length: count }, () => ids[Math.floor(this.#chance() * ids.length)])
    return [...new Set(places)].filter(id => id !== undefined)
  }

  /** The same, removed from the list. */
  #take(ids: string[], count: number): string[] {
    const picked = this.#pick(ids, count)
    for (const id of picked) ids.splice(ids.indexOf(id), 1)
    return picked
  }
}

/** A client of a portal whose contacts change before each request for them, and whose bodies break off. */
async function changing(t: Test, portal: Portal, course: Course, model: Model, chance: () => number) {
  let requests = 0
  const { origin } = await listen(t, async (request, response) => {
    const { url = '', method = 'GET', headers } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    requests += 1
    // If contacts are created faster than they are read, the list never ends.
    if (url.startsWith('/crm/objects/') && requests < 80) model.change(course)
    const answer = await fetch(new URL(url, portal.origin), {
      method,
      headers: { authorization: String(headers.authorization), 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    if (chance() >= course.cuts) response.end(body)
    else response.write(body.subarray(0, Math.floor(chance() * body.length)), () => response.destroy())
  })
  const accessToken = async () => {
    const fields = { grant_type: 'refresh_token', client_id: 'id', client_secret: 's' }
    const answer = await fetch(new URL('/oauth/v1/token', portal.origin), {
      method: 'POST',
      body: new URLSearchParams({ ...fields, refresh_token: portal.refreshToken }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const { concurrency } = course
  return openClient(t, origin, { accessToken, concurrency, retry: { retries: 50, budget: 10 } }, instantClock)
}

interface Seen {
  id: string
  archived: boolean
}

/** Leaves the loop after each of these numbers of records, and resumes from the position. */
async function readInParts(client: HubSpotClient, { leave, ...course }: Course) {
  const received: Seen[] = []
  const parts: Record<string, number>[] = []
  const options: CrmOptions = {
    paging: course.paging,
    archived: course.archived,
    properties: course.byId ? manyProperties : ['email'],
    ...(course.associations ? { associations: ['companies'] } : {}),
  }
  let from: CrmPosition | undefined
  for (const count of [...leave, Number.POSITIVE_INFINITY]) {
    const source = contacts(client, { ...options, from })
    let left = count
    if (left > 0)
      for await (const { id, archived } of source) {
        received.push({ id, archived })
        left -= 1
        if (left === 0) break
      }
    source.destroy()
    if (!source.closed) await new Promise(resolve => source.once('close', resolve))
    parts.push({ ...source.counts } as Record<string, number>)
    from = jsonCopy(source.position)
  }
  return { received, parts }
}

async function readAndCheck(t: Test, course: Course): Promise<void> {
  const chance = seededRandom(course.seed)
  const portal = await createPortal({
    leads: course.leads,
    objects: { companies: 20 },
    properties: { contacts: manyProperties },
    rateLimit: { search: 1_000, associations: 100_000 },
    faults: course.faults.join('; '),
    faultSeed: course.seed,
  })
  try {
    const model = new Model(portal, chance)
    const client = await changing(t, portal, course, model, chance)
    const { received, parts } = await readInParts(client, course)
    const mayLose = course.faults.some(fault => fault.includes('lost'))
    const mayBeGone = mayLose || course.archives + course.unarchives > 0
    for (const archived of [false, true]) {
      const ids = received.filter(one => one.archived === archived).map(({ id }) => id)
      const steady = model.steady[archived ? 'archived' : 'live']
      // A record that leaves a list and returns to it has another place in it, and the server's cursor may pass it twice.
      const inOrder = course.paging === 'id' ? ids : ids.filter(id => steady.has(id))
      for (const [index, id] of inOrder.entries()) {
        const before = inOrder[index - 1]
        if (before !== undefined && compareIds(before, id) >= 0) throw new Error(`${id} after ${before}`)
      }
      const isWanted = course.archived === 'both' || course.archived === archived
      const expected = isWanted ? [...steady] : []
      const lost = expected.filter(id => !ids.includes(id))
      // Ids that a batch leaves out can't be told from those of deleted records, but they are counted.
      const gone = mayLose ? parts.reduce((sum, counts) => sum + (counts.gone ?? 0), 0) : 0
      if (lost.length > gone) throw new Error(`lost ${lost.length} of ${expected.length}: ${lost[0]}`)
      if (!isWanted && ids.length > 0) throw new Error(`archived: ${archived}`)
    }
    for (const counts of parts) {
      const { decoded = 0, malformed = 0, delivered = 0, rejected = 0, dropped = 0, unused = 0 } = counts
      const { asked = 0, answered = 0, merged = 0, gone = 0 } = counts
      if (
        decoded + malformed !== delivered + rejected + dropped + unused ||
        asked !== answered + merged + gone
      )
        throw new Error(`the numbers do not add up: ${JSON.stringify(parts)}`)
      if (gone > 0 && !mayBeGone)
        throw new Error(`${gone} records are gone, although only merges took any away`)
    }
  } finally {
    await portal.close()
  }
}

const few = fc.constantFrom(0, 0, 1, 3)
const fault = fc.constantFrom(
  '20%:short',
  '/crm/ 10%:status=503',
  'POST every=3:lost=2',
  // Only requests of one kind: a token that has expired twice ends the run.
  'GET every=7:expire',
)

const courses: fc.Arbitrary<Course> = fc.record({
  leads: fc.constantFrom(0, 30, 250, 250, 700),
  paging: fc.constantFrom('id', 'cursor'),
  archived: fc.constantFrom<boolean | 'both'>(false, true, 'both'),
  byId: fc.boolean(),
  associations: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(),
  creates: few,
  updates: few,
  archives: few,
  unarchives: few,
  merges: few,
  cuts: fc.constantFrom(0, 0.2),
  faults: fc.uniqueArray(fault, { maxLength: 3 }),
  leave: fc.array(fc.nat({ max: 150 }), { maxLength: 3 }),
})

const runs = Number(process.env.RUNS ?? 30)
t.setTimeout(300_000 + runs * 2_000)

t.test(
  'contacts: for any changes between requests, each contact that stays in its list arrives once and in order, over restarts',
  async t => {
    await fc.assert(
      fc.asyncProperty(courses, course => readAndCheck(t, course)),
      { numRuns: runs, endOnFailure: true },
    )
  },
)
