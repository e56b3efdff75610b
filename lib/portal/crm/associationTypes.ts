import type { ObjectType } from './ObjectType.ts'

/** The kind of an association, as HubSpot names it. */
export interface AssociationType {
  readonly category: 'HUBSPOT_DEFINED' | 'USER_DEFINED'
  readonly typeId: number
  readonly label: string | null
}

/** HubSpot's numbers of the unlabelled associations, by the names of both types. */
const defined: Readonly<Record<string, number>> = {
  'contacts companies': 279,
  'companies contacts': 280,
  'deals contacts': 3,
  'contacts deals': 4,
  'deals companies': 341,
  'companies deals': 342,
  'contacts tickets': 15,
  'tickets contacts': 16,
  'tickets companies': 339,
  'companies tickets': 340,
  'tickets deals': 28,
  'deals tickets': 27,
  'leads contacts': 608,
  'contacts leads': 609,
  'leads companies': 610,
  'companies leads': 611,
}

/** The kind of the associations from one type to another. */
export function associationTypeOf(from: ObjectType, to: ObjectType): AssociationType {
  const typeId = defined[`${from.name} ${to.name}`]
  return typeId === undefined
    ? { category: 'USER_DEFINED', typeId: 1, label: null }
    : { category: 'HUBSPOT_DEFINED', typeId, label: null }
}
