import t from 'tap'
import type { Checkpoint } from '../../lib/checkpoint/Checkpoint.ts'
import { finishPrepared } from '../../lib/run/finish.ts'
import type { RunCheckpoint } from '../../lib/run/openRun.ts'
import type { RunStages } from '../../lib/run/RunStages.ts'
import { failureOf } from '../support/failureOf.ts'

/** Three sinks of a prepared run, of which one fails in one step; what happened to each is in `calls`. */
function preparedRun(failing: number, step: 'open' | 'commit') {
  const calls: string[] = []
  const sinks = [0, 1, 2].map(index => ({
    id: `sink ${index}`,
    explain: (error: unknown) => error as Error,
    attachment: {
      stage: {
        name: 'fake',
        async open() {
          if (step === 'open' && index === failing) throw new Error('no')
          return {
            write() {},
            async prepare() {},
            async commit() {
              if (index === failing) throw new Error('no')
              calls.push(`commit ${index}`)
            },
            async end(how: string) {
              calls.push(`${how} ${index}`)
            },
          }
        },
      },
    },
  }))
  const state = { chain: {}, sinks: { 'sink 0': {}, 'sink 1': {}, 'sink 2': {} } }
  const found = { state, saves: 1, report: {} } as unknown as Checkpoint
  const store = { path: 'checkpoint.json', key: 'a', save: async () => {} }
  const checkpoint = { store, found } as unknown as RunCheckpoint
  return { calls, finished: finishPrepared({ sinks } as unknown as RunStages, checkpoint, found) }
}

t.test('finishPrepared: the open sinks are ended when another sink can not be opened', async t => {
  const { calls, finished } = preparedRun(1, 'open')
  t.match(await failureOf(finished), { message: 'no' })
  t.strictSame(calls, ['leave 0'])
})

t.test('finishPrepared: all sinks are ended when one can not be committed', async t => {
  const { calls, finished } = preparedRun(1, 'commit')
  t.match(await failureOf(finished), { message: 'no' })
  t.strictSame(calls, ['commit 0', 'leave 0', 'leave 1', 'leave 2'])
})
