/** How records differ from their text, because the text is not valid or a JavaScript value can't hold it. */
export interface Changes {
  /** U+FFFD characters that replace bytes which are not UTF-8. */
  replacedCharacters: number
  /** Keys of a lead that repeat another one: only the last value is kept. Keys of the objects inside it do not count. */
  repeatedKeys: number
  /** Numbers with more digits than a double holds that were rounded. */
  roundedNumbers: number
  /** Numbers with more digits than a double holds, or too large for one, that are kept as text. */
  textNumbers: number
}

/** Every number 0. */
export const noChanges = (): Changes => ({
  replacedCharacters: 0,
  repeatedKeys: 0,
  roundedNumbers: 0,
  textNumbers: 0,
})

/** The changes of a record; undefined if there are none. */
export function changesOf(found: Partial<Changes>): Changes | undefined {
  const { replacedCharacters = 0, repeatedKeys = 0, roundedNumbers = 0, textNumbers = 0 } = found
  if (replacedCharacters + repeatedKeys + roundedNumbers + textNumbers === 0) return undefined
  return { replacedCharacters, repeatedKeys, roundedNumbers, textNumbers }
}

/** Adds the changes of a record to a sum. */
export function addChanges(sum: Changes, changes: Readonly<Changes>): void {
  sum.replacedCharacters += changes.replacedCharacters
  sum.repeatedKeys += changes.repeatedKeys
  sum.roundedNumbers += changes.roundedNumbers
  sum.textNumbers += changes.textNumbers
}
