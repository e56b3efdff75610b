import type { AddressInfo } from 'node:net'
import { checkOptions, type Settings } from './checkOptions.ts'
import { Crm } from './crm/Crm.ts'
import { crmInCode } from './crm/crmInCode.ts'
import { FaultPlan } from './faults/FaultPlan.ts'
import { submitInCode } from './forms/submitInCode.ts'
import { insertInCode, updateInCode } from './lead/changeInCode.ts'
import { RateLimiter } from './limits/RateLimiter.ts'
import { Tokens } from './oauth/Tokens.ts'
import type { Portal } from './Portal.ts'
import { PortalError } from './PortalError.ts'
import type { PortalOptions } from './PortalOptions.ts'
import { RequestLog } from './RequestLog.ts'
import { startServer } from './server/startServer.ts'
import { openStore } from './store/openStore.ts'
import type { Store } from './store/Store.ts'

/**
 * Starts your own portal: the Leads API, and the same leads as contacts with form submissions in the APIs of today,
 * served from an embedded SQL store on 127.0.0.1. It needs no account, but the optional package `libsql`.
 *
 * If the API's documentation says nothing, the portal behaves as follows. Without `sort`, leads are ordered by the
 * time pivot. Ties are in the order of insertion, and `dir=desc` is the exact reverse. Missing values come before
 * numbers, numbers before text, and text is ordered by its UTF-8 bytes. Missing times count as 0.
 *
 * Pages are read from indexes. If a list is sorted by an attribute other than guid, email and the times, the first
 * request builds an index, which takes about 15 seconds for a million leads. A search without results reads a part
 * of every lead, about 0.3 seconds for a million.
 *
 * @example
 * ```ts
 * await using portal = await createPortal({ leads: 5_000 })
 * const url = `${portal.origin}/leads/v1/list?access_token=${portal.accessToken}&max=100`
 * const leads = await (await fetch(url)).json()
 * ```
 * @throws PortalError OPTION for a wrong option, before anything is opened; LEADS when the given leads are invalid;
 * STORE when the database can't be used or holds other leads; LISTEN when the portal can't listen on the port.
 */
export async function createPortal(options: PortalOptions = {}): Promise<Portal> {
  const settings = checkOptions(options)
  const store = await openStore(settings)
  const crm = await openCrm(store, settings)
  const served = {
    settings,
    store,
    crm,
    limiter: new RateLimiter(settings.rateLimit),
    tokens: new Tokens(settings),
    faults: new FaultPlan(settings.faults, settings.faultSeed),
    log: new RequestLog(),
  }
  const server = await startServer(served).catch(error => {
    store.close()
    throw error
  })

  const closeAll = async (): Promise<void> => {
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
    store.close()
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= closeAll()
    return closing
  }
  const refuseClosed = (): void => {
    if (closing !== undefined) throw new PortalError('STORE', 'The portal is closed')
  }
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessToken: settings.accessToken,
    refreshToken: settings.refreshToken,
    get leads() {
      return store.leads
    },
    get deleted() {
      refuseClosed()
      return store.deleted
    },
    get requests() {
      return served.log.last
    },
    get requestCount() {
      return served.log.count
    },
    insert: leads => {
      refuseClosed()
      insertInCode(served, leads)
    },
    update: (guid, changes) => {
      refuseClosed()
      return updateInCode(served, guid, changes)
    },
    crm: crmInCode(crm, settings.now, refuseClosed),
    submit: (formGuid, submission = {}) => {
      refuseClosed()
      submitInCode(served, formGuid, submission)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openCrm(store: Store, settings: Settings): Promise<Crm> {
  try {
    const crm = new Crm(store, settings)
    await crm.fill(settings)
    return crm
  } catch (error) {
    store.close()
    throw error
  }
}
