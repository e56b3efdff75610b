import {
  type CrmOptions,
  type CrmRecord,
  type CrmValue,
  crmObjects,
  type HubSpotClient,
} from '../../lib/index.ts'

/** All records of a source, and how many requests it took. */
export async function readRecords(client: HubSpotClient, type: string, options?: CrmOptions) {
  const source = crmObjects(client, type, options)
  const records: CrmRecord<string, CrmValue>[] = await source.toArray()
  return { records, counts: source.counts, ids: records.map(({ id }) => id) }
}

/** Records with the ids 1 to `count`, none of them archived. */
export const numberedRecords = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1 }))

/** Custom properties that do not fit into one URL, and how many characters their names have. */
export const manyProperties = Array.from(
  { length: 500 },
  (_, index) => `a_property_with_a_long_name_${index}`,
)
