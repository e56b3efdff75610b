// Operators of your own: a function if there is no state, `create` if there is.
import assert from 'node:assert/strict'
import { HubSpotClient, type Lead, leads, operator, run, toArray } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 300 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })

interface Address {
  guid: string
  domain: string
}

/** A step receives one value and emits none, one or many. */
const domainOf = operator<Lead, Address>('domainOf', ({ guid, email = '' }, emit) => {
  const domain = email.split('@')[1]
  if (domain) emit({ guid, domain })
})

/** State is made in `create`, so that each run has its own. `save` and `restore` let a run with a checkpoint resume. */
const countByDomain = operator<Address, { domain: string; leads: number }>({
  name: 'countByDomain',
  create() {
    let counts: Record<string, number> = {}
    return {
      step({ domain }) {
        counts[domain] = (counts[domain] ?? 0) + 1
      },
      flush(emit) {
        for (const [domain, leads] of Object.entries(counts)) emit({ domain, leads })
      },
      save: () => counts,
      restore: state => {
        counts = state as typeof counts
      },
    }
  },
})

const domains = toArray<{ domain: string; leads: number }>({ max: 1_000 })
const report = await run(leads(client), domainOf, countByDomain, domains)
const sorted = domains.records.toSorted((a, b) => b.leads - a.leads)
console.table(sorted.slice(0, 5))

const total = sorted.reduce((sum, { leads }) => sum + leads, 0)
assert.equal(total, report.operators[0]?.out)
