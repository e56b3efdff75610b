import type { ConversionEvent } from '../lead/leadParts.ts'
import type { Operator } from '../streams/Operator.ts'
import { explodeAs } from './explode.ts'

/**
 * One record for each conversion event of a lead: the lead without leadConversionEvents, plus
 * `conversionEvent`. A lead without events gives none. `run` refuses it with OPTION when the query excludes
 * conversion events.
 */
export function explodeEvents<
  T extends { leadConversionEvents?: readonly ConversionEvent[] | undefined },
>(): Operator<T, Omit<T, 'leadConversionEvents'> & { conversionEvent: ConversionEvent }> {
  return explodeAs('explodeEvents', 'leadConversionEvents', { as: 'conversionEvent' }, 'leadConversionEvents')
}
