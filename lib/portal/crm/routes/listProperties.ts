import type { Answer } from '../../server/Answer.ts'
import type { Call } from '../../server/Call.ts'
import type { Served } from '../../server/Served.ts'
import { jsonAnswer } from '../jsonAnswer.ts'
import type { Property } from '../properties/Property.ts'
import { recordsOf } from '../recordsOf.ts'
import { readArchived } from './listObjects.ts'

const fieldTypes: Readonly<Record<Property['type'], string>> = {
  bool: 'booleancheckbox',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  number: 'number',
  string: 'text',
  phone_number: 'phonenumber',
  object_coordinates: 'text',
  json: 'text',
}

/** HubSpot's own properties came with the portal. */
const created = '2010-01-01T00:00:00.000Z'

/** `GET /crm/properties/2026-09/{type}`: the definitions of all properties, in one answer. */
export function listProperties({ parts, query }: Call, served: Served): Answer {
  const records = recordsOf(served, parts[0])
  const sensitivity = query.get('dataSensitivity') ?? 'non_sensitive'
  const properties = readArchived(query)
    ? []
    : records.properties.filter(({ dataSensitivity = 'non_sensitive' }) => dataSensitivity === sensitivity)
  return jsonAnswer({
    results: properties.map((property, index) => definitionOf(property, records.type.singular, index)),
  })
}

function definitionOf(property: Property, owner: string, displayOrder: number): object {
  const { name, type, label = name, options = [], calculated = false, hasUniqueValue = false } = property
  const readOnlyValue = property.change === undefined
  return {
    updatedAt: created,
    createdAt: created,
    name,
    label,
    type,
    fieldType: calculated ? 'calculation_equation' : fieldTypes[type],
    description: '',
    groupName: `${owner}information`,
    options: optionsOf(property, options).map((value, order) => ({
      label: value,
      value,
      displayOrder: order,
      hidden: false,
    })),
    displayOrder,
    calculated,
    externalOptions: false,
    archived: false,
    hasUniqueValue,
    hidden: name === 'hs_calculated_form_submissions',
    hubspotDefined: property.isCustom !== true,
    modificationMetadata: {
      archivable: property.isCustom === true,
      readOnlyDefinition: !property.isCustom,
      readOnlyValue,
    },
    formField: !readOnlyValue,
    dataSensitivity: property.dataSensitivity ?? 'non_sensitive',
  }
}

function optionsOf({ name }: Property, options: readonly string[]): readonly string[] {
  return name === 'lifecyclestage' ? ['lead', 'customer'] : options
}
