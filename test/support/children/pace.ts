import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Resolves when the next checkpoint is saved. */
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
 * An operator that passes every value through, but waits while a checkpoint is being saved. Saves run in the background,
 * one at a time, so without this operator their number depends on the speed of the disk.
 *
 * @param waits false for an operator of the same name that does not wait
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
