import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { LeadpipeError } from '../errors.ts'
import { optionError } from '../model/checkOptions.ts'
import { Mark } from '../model/Mark.ts'
import { messageOf } from '../model/messageOf.ts'
import type { Definition, OwnStepDefinition } from '../operators/kernel/definition.ts'
import { Sink } from '../sinks/Sink.ts'
import { toFile } from '../sinks/toFile.ts'
import { isPrematureClose } from '../streams/prematureClose.ts'

/** The quarantines of a run. */
export interface Quarantines {
  /** The same definitions, those with a quarantine with theirs opened. */
  definitions: Definition[]
  /** Where they write, in the order of the definitions. */
  readonly sinks: readonly Writable[]
  /** What each of them told the mark that passed the operators; rejects when one failed. */
  statesAt(mark: Mark): Promise<unknown[]>
  /** What each of them tells now: everything so far is durable then. */
  states(): Promise<unknown[]>
  /** Records that the quarantines of leadpipe's own have taken durably; undefined where there is none. */
  readonly acknowledged: number | undefined
  /**
   * Looks whether they can be written.
   *
   * @throws {LeadpipeError} SINK
   */
  check(): Promise<void>
  /**
   * Ends them, so that what was set aside can be read.
   *
   * @param enough rejects when a Writable of the user's, which may never come to its end, is to be waited for no more;
   * the rejection is passed on
   * @throws {LeadpipeError} SINK
   */
  end(enough?: Promise<never>): Promise<void>
  /**
   * Ends them after a failure: what was set aside can be read. One of leadpipe's own that took nothing is let go of as
   * it is: an empty file must not take the place of what an earlier run set aside.
   *
   * @throws {LeadpipeError} SINK
   */
  endFailed(): Promise<void>
  /** Lets go of them as they are, for a run that is to go on with them. */
  leave(): Promise<void>
}

/**
 * Opens the quarantines of the operators: a path becomes an NDJSON file.
 *
 * @throws {LeadpipeError} OPTION when two operators have the same one: one would replace the other's.
 */
export function openQuarantines(definitions: readonly Definition[]): Quarantines {
  const targets = definitions.map(targetOf)
  const twice = targets.find((target, index) => target !== undefined && targets.indexOf(target) !== index)
  if (twice !== undefined) {
    const what = typeof twice === 'string' ? JSON.stringify(twice) : 'the same stream'
    throw optionError('validate(): quarantine', `two operators write to ${what}`)
  }
  const sinks: Writable[] = []
  const told = new WeakMap<Mark, Promise<unknown>[]>()
  const opened = definitions.map((definition, index) => {
    const target = targets[index]
    if (target === undefined) return definition
    const quarantine = typeof target === 'string' ? toFile(target, { format: 'ndjson' }) : target
    sinks.push(quarantine)
    const { create } = definition as OwnStepDefinition<never, unknown>
    const onMark = (mark: Mark) => {
      told.set(mark, [...(told.get(mark) ?? []), stateOf(quarantine)])
    }
    return { ...definition, create: () => create({ quarantine }), onMark }
  })
  return {
    definitions: opened,
    sinks,
    statesAt: mark => Promise.all(told.get(mark) ?? []),
    states: () => Promise.all(sinks.map(stateOf)),
    get acknowledged() {
      const own = sinks.filter(sink => sink instanceof Sink)
      return own.length === 0 ? undefined : own.reduce((sum, { counts }) => sum + counts.acknowledged, 0)
    },
    async check() {
      for (const sink of sinks) if (sink instanceof Sink) await sink.check()
    },
    end: enough => settled(sinks.map(sink => end(sink, enough))),
    endFailed: () =>
      settled(sinks.map(sink => (isUnused(sink) ? leave(sink) : end(sink, Promise.resolve())))),
    async leave() {
      await Promise.all(sinks.map(leave))
    },
  }
}

const targetOf = (definition: Definition) => ('quarantine' in definition ? definition.quarantine : undefined)

/** Has everything that a sink was given made durable; resolves to what it needs to go on from there. */
function stateOf(sink: Writable): Promise<unknown> {
  // Any number of marks may be under way.
  sink.setMaxListeners(0)
  const state = new Promise<unknown>((resolve, reject) => {
    const fail = (error?: Error) => reject(error ?? new Error('it was closed before its end'))
    const settle = (found: unknown) => {
      sink.off('error', fail).off('close', fail)
      resolve(found)
    }
    sink.once('error', fail).once('close', fail)
    sink.write(new Mark(undefined, async found => settle(found)))
  })
  // A run that fails meanwhile never asks for it.
  state.catch(() => {})
  return state
}

const isUnused = (sink: Writable) => sink instanceof Sink && sink.counts.received === 0

/** Resolves when all of them are settled; rejects with the first failure among them. */
async function settled(ends: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(ends)
  const failed = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
  if (failed !== undefined) throw failed.reason
}

async function end(sink: Writable, enough: Promise<void> | undefined): Promise<void> {
  const ended = finished(sink).catch(error => {
    if (error instanceof LeadpipeError) throw error
    const why = isPrematureClose(error) ? 'it was closed before its end' : messageOf(error)
    throw new LeadpipeError('SINK', `the quarantine failed: ${why}`, { cause: error })
  })
  sink.end()
  await (sink instanceof Sink || enough === undefined ? ended : Promise.race([ended, enough]))
}

function leave(sink: Writable): Promise<void> {
  return new Promise(resolve => {
    if (sink.closed) resolve()
    else
      sink
        .on('error', () => {})
        .once('close', resolve)
        .destroy()
  })
}
