import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Resolves when a checkpoint was saved. */
const saved = () =>
  new Promise<void>(resolve => {
    const listen = (message: unknown) => {
      if ((message as { step: string }).step !== 'saved') return
      unsubscribe('leadpipe:checkpoint', listen)
      resolve()
    }
    subscribe('leadpipe:checkpoint', listen)
  })

/**
 * An operator that passes every value on, but none while a checkpoint is being saved. A save goes on behind the records,
 * and the next one only begins when it is done: without this, how many there are depends on how fast the disk is.
 *
 * @param waits false for the same operator that waits for nothing
 */
export const pace = <T>(waits = true) => ({
  name: 'paced',
  create() {
    let saving: Promise<void> | undefined
    return {
      step(value: T, emit: (value: T) => void): Promise<void> | undefined {
        if (saving === undefined || !waits) {
          emit(value)
          return undefined
        }
        return saving.then(() => emit(value))
      },
      save(): undefined {
        const mine = saved().then(() => {
          if (saving === mine) saving = undefined
        })
        saving = mine
      },
      restore() {},
    }
  },
})
