import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { peek } from '../../lib/operators/peek.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'

/** Runs values through an operator and resolves to its output. */
export type Setting = (
  values: Iterable<unknown> | AsyncIterable<unknown>,
  make: () => Operator<never, unknown>,
) => Promise<unknown[]>

const max = 1_000_000
const pass = () => peek<unknown>(() => {})

type AnyOperator = Operator<unknown, unknown>

/** The ways to use an operator; its output is the same in each. */
export const settings: Readonly<Record<string, Setting>> = {
  async 'alone in a plain pipeline'(values, make) {
    const sink = toArray({ max })
    await pipeline(Readable.from(values), make() as AnyOperator, sink)
    return sink.records
  },
  async 'fused in run'(values, make) {
    const sink = toArray({ max })
    await run(values, pass(), make() as AnyOperator, pass(), sink)
    return sink.records
  },
  async 'nested in compose'(values, make) {
    const sink = toArray({ max })
    await run(values, compose(compose(pass(), compose(make() as AnyOperator)), pass()), sink)
    return sink.records
  },
  async "between a user's streams in run"(values, make) {
    const sink = toArray({ max })
    const own = () => transform<unknown, unknown>(() => new PassThrough({ objectMode: true }))
    await run(values, own(), make() as AnyOperator, own(), sink)
    return sink.records
  },
}
