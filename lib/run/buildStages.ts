import { type Duplex, Readable } from 'node:stream'
import type { Definition, StreamDefinition } from '../operators/kernel/definition.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import { RenewedStream } from '../operators/kernel/RenewedStream.ts'
import { LeadSource } from '../source/LeadSource.ts'
import { QuarantineSource } from '../source/QuarantineSource.ts'
import type { RunArguments } from './readArguments.ts'
import type { Stages } from './Stages.ts'

/**
 * Makes the streams of a run: neighbouring operators fused into one, a user's stream between them.
 *
 * @throws {LeadpipeError} OPTION or OPERATOR when a stream of the user's can't be made; those made before it are
 * destroyed.
 */
export function buildStages(
  { source, sink }: RunArguments,
  definitions: readonly Definition[],
  onDone: (index: number) => void,
  checkpoint?: 'new' | 'continued',
): Stages {
  const middle: Stages['middle'] = []
  let fused: Definition[] = []
  const fuse = () => {
    if (fused.length === 0) return
    const index = middle.length + 1
    middle.push(new Operator(fused, () => onDone(index)))
    fused = []
  }
  try {
    for (const definition of definitions) {
      if ('create' in definition) {
        fused.push(definition)
      } else {
        fuse()
        middle.push({ name: definition.name, stream: makeStream(definition, checkpoint) })
      }
    }
  } catch (error) {
    for (const part of middle) (part instanceof Operator ? part : part.stream).destroy()
    throw error
  }
  fuse()
  handRejected(source, definitions)
  return {
    source: source instanceof Readable ? source : Readable.from(source),
    middle,
    sink,
    junctions: Array.from({ length: middle.length + 1 }, () => ({ passed: 0, unread: 0, stopped: false })),
  }
}

function makeStream(definition: StreamDefinition, checkpoint: 'new' | 'continued' | undefined): Duplex {
  const create = () => definition.createStream()
  return checkpoint === undefined ? create() : new RenewedStream(create, checkpoint === 'continued')
}

/** Elements that are no leads travel to the operator that takes them, if no stream of the user's is between. */
function handRejected(source: unknown, definitions: readonly Definition[]): void {
  if (!(source instanceof LeadSource || source instanceof QuarantineSource)) return
  const streamed = definitions.findIndex(part => !('create' in part))
  const near = definitions.slice(0, streamed === -1 ? definitions.length : streamed)
  source.handing = {
    rejected: near.some(part => 'takesRejected' in part && part.takesRejected),
    origins: definitions.some(part => 'quarantine' in part && part.quarantine !== undefined),
  }
}
