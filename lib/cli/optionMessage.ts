import { LeadpipeError } from '../index.ts'
import { flagOf } from './flagOf.ts'

/**
 * An error's message, in which a wrong option is called by the flag that gave it, where one did.
 *
 * @param flags what was given, by commander's names
 */
export function optionMessage(error: Error, flags: object): string {
  const { message } = error
  if (!(error instanceof LeadpipeError)) return message
  if (error.code === 'CHECKPOINT') return message.replaceAll('whenFinished', '--when-finished')
  if (error.code !== 'OPTION') return message
  const { owner, option } = error.context
  const flag = typeof option === 'string' ? flagOf(option, flags) : undefined
  // "leads() options: limit: expected …": whose option it is says nothing to who gave a flag.
  return flag === undefined ? message : message.replace(`${owner}: ${option}`, flag)
}
