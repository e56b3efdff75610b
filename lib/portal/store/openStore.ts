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
 * Opens the store: fills it if it is empty, and serves its leads if they are the requested ones.
 *
 * @throws PortalError STORE when the database can't be used or holds other leads, LEADS when the leads are invalid.
 * An existing file is then unchanged, and a new one is removed.
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
    // Another process may have filled the file since the first look.
    const meta =
      heldLeads(database, settings) ?? (await fillStore(database, leadSource(settings.leads, settings.seed)))
    database.exec('COMMIT')
    return meta
  } catch (error) {
    // Closing is not enough: libsql keeps a connection open until its statements are garbage collected.
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}
