/** A value as it comes back from a file of JSON. */
export const reread = <T>(value: T): T => JSON.parse(JSON.stringify(value))
