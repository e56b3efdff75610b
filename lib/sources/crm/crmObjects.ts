import type { CrmPosition } from '../../crm/CrmPosition.ts'
import type { CrmRecord } from '../../crm/CrmRecord.ts'
import type { CrmValue } from '../../crm/convertValue.ts'
import type { HubSpotClient } from '../../hubspot/HubSpotClient.ts'
import type { BatchCounts } from '../../paging/crm/batchCounts.ts'
import type { SourceStage } from '../../stage/SourceStage.ts'
import { currentRun, lastRead } from '../../streams/attach.ts'
import { SourceReadable } from '../../streams/SourceReadable.ts'
import { checkClient } from '../checkClient.ts'
import type { SourceCounts } from '../SourceCounts.ts'
import type { CrmRun } from './CrmRun.ts'
import { crmStage } from './crmStage.ts'
import { type CrmOptions, crmSettings } from './options.ts'

/** The records that {@link crmObjects} returns: with the properties asked for, converted if `types` is true. */
export type CrmRecordOf<P extends string, T extends boolean> = CrmRecord<
  P,
  T extends true ? CrmValue : string | null
>

/**
 * Every record of a CRM object type of a HubSpot portal, as a Readable of records, as the API gives them.
 *
 * Records are emitted in the order of their ids, each that exists from the beginning to the end exactly once, even if
 * others are created, archived or merged meanwhile. A merge makes a new record with a new id, so the records that were
 * merged may be emitted before the one that they became: its `hs_merged_object_ids` names them.
 *
 * With `modifiedAfter` or `modifiedBefore`, only records that were modified in that range of time are emitted, in the
 * order of that time. Search finds them, so archived records and changes of calculated properties are missing. Each
 * record that is not modified, archived or merged meanwhile is emitted exactly once. One that was merged is replaced by
 * the record that it became, once. If a server's search shows that it can't be relied on, the stream fails with PAGING.
 *
 * Nothing is requested before the first read. The stream fails with OPTION for a property that the type does not have,
 * before the list is requested and before `run` touches a file; with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT or DECODE; with PAGING if the ids do not ascend or paging makes no progress; or with the reason of `signal`.
 *
 * @param client the client of the portal to read; it is not closed
 * @param type the name or the id of the object type: "contacts", "companies", "deals", "tickets", "leads" (today's
 * object, not the lead of 2011), or of a custom object ("2-1234567")
 * @param options which properties are read, and how; default: those that HubSpot chooses
 * @throws {LeadpipeError} OPTION for an unknown option or a wrong value.
 *
 * @example
 * ```ts
 * const deals = crmObjects(client, 'deals', { properties: ['dealname', 'amount'], associations: ['contacts'] })
 * for await (const { id, properties, associations } of deals) console.log(id, properties.amount, associations)
 * ```
 */
export function crmObjects<const P extends string = string, const T extends boolean = false>(
  client: HubSpotClient,
  type: string,
  options?: CrmOptions<P, T>,
): CrmSource<CrmRecordOf<P, T>> {
  checkClient('crmObjects()', client)
  const settings = crmSettings(type, options)
  const stage = crmStage({ client, type, settings })
  // Options and portal together make the type of the records: the compiler can't follow them to here.
  return new CrmSource(stage as never, type, settings.highWaterMark)
}

/**
 * Every contact of a HubSpot portal: `crmObjects(client, 'contacts', options)`.
 *
 * @example
 * ```ts
 * await run(contacts(client, { properties: ['email', 'firstname'] }), toFile('contacts.ndjson'))
 * ```
 */
export function contacts<const P extends string = string, const T extends boolean = false>(
  client: HubSpotClient,
  options?: CrmOptions<P, T>,
): CrmSource<CrmRecordOf<P, T>> {
  return crmObjects(client, 'contacts', options)
}

/** The records of an object type, as an object-mode Readable. Made by `crmObjects()`. */
export class CrmSource<R> extends SourceReadable<R, CrmRun & ReturnType<SourceStage<R>['open']>> {
  /** The name or the id of the object type, as given. */
  readonly type: string

  constructor(stage: SourceStage<R> & { open: never }, type: string, highWaterMark: number) {
    super(stage, stage.open, { highWaterMark })
    this.type = type
  }

  /**
   * The counts so far. `asked`, `answered`, `merged` and `gone` are about records that are read by their ids: those that
   * were merged into another one, or archived or deleted, after the list had named them are not delivered. With
   * `modifiedAfter` or `modifiedBefore`, there are also `outside`, `repeated` and `unlisted`: records that search returned
   * although they are not in the requested range, that it returned again, and that it counted but did not return.
   */
  get counts(): SourceCounts & BatchCounts {
    return this[currentRun].counts() as SourceCounts & BatchCounts
  }

  /**
   * Where the list continues after the last record that was read from this stream, as plain JSON: for the option `from`
   * of another source with the same type and options.
   */
  get position(): CrmPosition {
    return (this[lastRead] as CrmPosition | undefined) ?? this[currentRun].start
  }
}
