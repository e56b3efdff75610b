import { LeadpipeError } from '../index.ts'
import { PortalError } from '../portal/index.ts'

/** The flags whose names are not the option's own. */
const renamed: Readonly<Record<string, string>> = { guids: 'guid', rateLimit: 'rate' }

/**
 * An error's message, in which a wrong option is called by the flag that gave it, where one did.
 *
 * @param flags what was given, by commander's names
 */
export function optionMessage(error: Error, flags: object): string {
  const { message } = error
  const flagOf = (option: string) => {
    // The path of a checkpoint is all that --checkpoint holds.
    const names = option
      .replace(/^checkpoint\.path$/, 'checkpoint')
      .split('.')
      .map(name => renamed[name] ?? name)
    const index = names.findLastIndex(name => (flags as Record<string, unknown>)[name] !== undefined)
    const flag = names[index]?.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    const inside = names.slice(index + 1).join('.')
    return flag === undefined ? undefined : `--${flag}${inside === '' ? '' : ` (${inside})`}`
  }
  if (error instanceof LeadpipeError && error.code === 'OPTION') {
    const { owner, option } = error.context
    const flag = typeof option === 'string' ? flagOf(option) : undefined
    // "leads() options: limit: expected …": whose option it is says nothing to who gave a flag.
    return flag === undefined ? message : message.replace(`${owner}: ${option}`, flag)
  }
  if (error instanceof PortalError && error.code === 'OPTION') {
    return message.replace(/(?<=^Expected )`(\w+)`/, (text, option) => flagOf(option) ?? text)
  }
  return message
}
