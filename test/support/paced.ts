import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { CheckpointMessage } from '../../lib/observe/channels.ts'
import { operator } from '../../lib/operators/operator.ts'

/** Resolves when a checkpoint was saved. */
const saved = () =>
  new Promise<void>(resolve => {
    const listen = (message: unknown) => {
      if ((message as CheckpointMessage).step !== 'saved') return
      unsubscribe('leadpipe:checkpoint', listen)
      resolve()
    }
    subscribe('leadpipe:checkpoint', listen)
  })

/**
 * Hands every value on, but none while a checkpoint is being saved. A save goes on behind the records, and the next one
 * only begins when it is done: without this, how many there are depends on how fast the disk is.
 *
 * @param waits false for the same operator that waits for nothing
 */
export const paced = <T>(waits = true) =>
  operator<T>({
    name: 'paced',
    create() {
      let saving: Promise<void> | undefined
      return {
        step(value, emit) {
          if (saving === undefined || !waits) {
            emit(value)
            return undefined
          }
          return saving.then(() => emit(value))
        },
        save() {
          const mine = saved().then(() => {
            if (saving === mine) saving = undefined
          })
          saving = mine
        },
        restore() {},
      }
    },
  })
