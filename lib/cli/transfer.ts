import {
  compose,
  encode,
  explodeEvents,
  explodeFormValues,
  type Lead,
  LeadpipeError,
  type Operator,
  project,
  type Report,
  type RunOptions,
  run,
  type Source,
  toFile,
  toHttp,
  validate,
} from '../index.ts'
import type { Invocation, StageFlags } from './stageOptions.ts'

/** Runs leads through the stages that the flags stand for, to the destination. */
export function transfer(
  source: Source<Lead>,
  { destination, flags, host }: Invocation,
  options: RunOptions,
): Promise<Report> {
  const { onInvalid, quarantine, maxInvalid, explode, select, format } = flags
  const operators = shaped(validate({ onInvalid, quarantine, maxInvalid }), explode, select)
  if (destination === '-') return run(source, operators, encode(format), host.stdout, options)
  const sink = /^https?:\/\//i.test(destination)
    ? toHttp(withoutCredentials(destination), { format })
    : toFile(destination, { format })
  return run(source, operators, sink, options)
}

/** Says what can be done about credentials on the command line, where no headers can be given. */
function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url
  const { username, password, origin, pathname } = new URL(url)
  if (username === '' && password === '') return url
  throw new LeadpipeError(
    'OPTION',
    `destination: ${origin}${pathname}: credentials can't stand in the URL, and the command line sends no headers: export to - and pipe the records to a program that sends them, or use toHttp() in code`,
  )
}

/** Leads, and behind them the operators that --explode and --select stand for. */
function shaped(
  leads: Operator<Lead, Lead>,
  explode: StageFlags['explode'],
  select: StageFlags['select'],
): Operator<Lead, unknown> {
  const exploded: Operator<Lead, unknown> =
    explode === 'values'
      ? compose(leads, explodeEvents<Lead>(), explodeFormValues())
      : explode === 'events'
        ? compose(leads, explodeEvents<Lead>())
        : leads
  return select === undefined ? exploded : compose(exploded, project<unknown, typeof select>(select))
}
