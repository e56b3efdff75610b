import {
  compose,
  encode,
  explodeEvents,
  explodeFormValues,
  type Lead,
  map,
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
import type { StageFlags } from './stageOptions.ts'

/** Runs leads through the stages that the flags stand for, to the destination. */
export function transfer(
  source: Source<Lead>,
  destination: string,
  flags: StageFlags,
  options: RunOptions,
): Promise<Report> {
  const { onInvalid, quarantine, maxInvalid, explode, select, format } = flags
  const operators = compose(validate({ onInvalid, quarantine, maxInvalid }), shape(explode, select))
  if (destination === '-') return run(source, operators, encode(format), process.stdout, options)
  const sink = /^https?:\/\//i.test(destination)
    ? toHttp(destination, { format })
    : toFile(destination, { format })
  return run(source, operators, sink, options)
}

/** The operators that --explode and --select stand for. */
function shape(explode: StageFlags['explode'], select: StageFlags['select']): Operator<Lead, unknown> {
  const exploded: Operator<Lead, unknown> =
    explode === 'values'
      ? compose(explodeEvents<Lead>(), explodeFormValues())
      : explode === 'events'
        ? explodeEvents<Lead>()
        : map((lead: Lead) => lead)
  return select === undefined ? exploded : compose(exploded, project<unknown, typeof select>(select))
}
