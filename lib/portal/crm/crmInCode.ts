import { PortalError } from '../PortalError.ts'
import { type Crm, checkRecord, seqIn } from './Crm.ts'
import type { PortalCrm } from './PortalCrm.ts'
import type { Records } from './records/Records.ts'

/** Implements `portal.crm`. */
export function crmInCode(crm: Crm, now: () => number, refuseClosed: () => void): PortalCrm {
  const recordsOf = (type: string): Records => {
    refuseClosed()
    const records = crm.records(type)
    if (records !== undefined) return records
    throw new PortalError('LEADS', `The portal has no objects of the type ${JSON.stringify(type)}`)
  }
  const archive = (type: string, id: string, isArchived: boolean): void => {
    const records = recordsOf(type)
    const seq = seqIn(records, id)
    if (records.isArchived(seq) !== isArchived) records.archive(seq, isArchived, now())
  }
  return {
    count: type => recordsOf(type).count,
    ids: type => idsOf(recordsOf(type)),
    insert: (type, given) => {
      const records = recordsOf(type)
      const all = [...given].map(record => checkRecord(records.type, record))
      // Before anything is inserted: those that they name must exist.
      for (const { associations = {} } of all) crm.seqsOf(associations)
      const ids = records.insert(all, now())
      for (const [index, { associations }] of all.entries()) {
        if (associations !== undefined) crm.associate(records, ids[index] as string, associations)
      }
      return ids
    },
    update: (type, id, properties) => {
      const records = recordsOf(type)
      records.update(seqIn(records, id), properties, now())
    },
    archive: (type, id) => archive(type, id, true),
    unarchive: (type, id) => archive(type, id, false),
    merge: (type, first, second) => {
      const records = recordsOf(type)
      const seqs = [seqIn(records, first), seqIn(records, second)] as const
      if (seqs[0] === seqs[1] || seqs.some(seq => records.isArchived(seq))) {
        const reason = seqs[0] === seqs[1] ? 'are the same record' : 'are not both records in use'
        throw new PortalError('LEADS', `${first} and ${second} of ${records.type.name} ${reason}`)
      }
      return records.idOf(crm.merge(type, seqs, now()))
    },
    associate: (type, id, associations) => crm.associate(recordsOf(type), id, associations),
  }
}

function* idsOf(records: Records): Generator<string> {
  const turn = 1_000
  for (let from = 1, seqs = [0]; seqs.length > 0; ) {
    seqs = records.list(from, false, turn)
    yield* seqs.map(seq => records.idOf(seq))
    from = (seqs.at(-1) ?? 0) + 1
  }
}
