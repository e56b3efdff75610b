import { existsSync, rmSync } from 'node:fs'
import type { StoreSettings } from '../checkOptions.ts'
import { leadSource } from '../leads/leadSource.ts'
import { checkHeld } from './checkHeld.ts'
import { fillStore } from './fillStore.ts'
import type { Database } from './loadLibsql.ts'
import { type Meta, readMeta } from './meta.ts'
import { openDatabase } from './openDatabase.ts'
import { Store } from './Store.ts'
import { storeError } from './storeError.ts'

/**
 * Opens the store: fills it when it is empty, serves what it holds when that is what was asked for.
 *
 * @throws PortalError STORE when the database can't be used or holds other leads, LEADS when the leads are
 * none. A file that was there is left as it was, one that was not is gone again.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { db } = settings
  const isNew = db !== undefined && !existsSync(db)
  const database = await openDatabase(db)
  try {
    const { leads } = heldLeads(database, settings) ?? (await fill(database, settings))
    return new Store(database, leads)
  } catch (cause) {
    database.close()
    if (isNew) rmSync(db, { force: true })
    throw storeError(db, cause)
  }
}

function heldLeads(database: Database, settings: StoreSettings): Meta | undefined {
  const held = readMeta(database, settings.db)
  if (held !== undefined) checkHeld(held, leadSource(settings.leads, settings.seed), settings)
  return held
}

async function fill(database: Database, settings: StoreSettings): Promise<Meta> {
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have filled the file since it was looked into.
    const meta =
      heldLeads(database, settings) ?? (await fillStore(database, leadSource(settings.leads, settings.seed)))
    database.exec('COMMIT')
    return meta
  } catch (error) {
    // Closing is not enough: libsql keeps a connection until its statements are collected.
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}
