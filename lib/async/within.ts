/**
 * Resolves when `work` settles, however it does, or after so many milliseconds.
 *
 * @returns whether it settled in time
 */
export function within(milliseconds: number, work: PromiseLike<unknown>): Promise<boolean> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds, false)
    const settle = () => {
      clearTimeout(timer)
      resolve(true)
    }
    work.then(settle, settle)
  })
}
