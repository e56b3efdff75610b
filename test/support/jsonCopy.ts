/** A value as it is read back from a JSON file. */
export const jsonCopy = <T>(value: T): T => JSON.parse(JSON.stringify(value))
