import { leadSchema } from '../index.ts'

/** Fields that `--select` names although no lead is documented to have them: most likely typing mistakes. */
export function unknownFields(
  select: Readonly<Record<string, string>> = {},
  explode?: 'events' | 'values',
): string[] {
  const known = new Set(Object.keys(leadSchema.properties))
  if (explode !== undefined) {
    known.delete('leadConversionEvents')
    known.add('conversionEvent')
  }
  if (explode === 'values') known.add('formValue')
  return Object.values(select)
    .map(path => path.split('.')[0] as string)
    .filter((field, index, all) => !known.has(field) && all.indexOf(field) === index)
}
