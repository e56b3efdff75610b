/** Why a sink that was destroyed writes no more. */
export const closedError = (): Error => new Error('it was closed before its end')
