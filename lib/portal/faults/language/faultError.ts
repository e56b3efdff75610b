import { PortalError } from '../../PortalError.ts'
import type { Piece } from './Piece.ts'

/** Makes the error for a wrong value at one location in the faults. */
export type MakeError = (expected: string, got: unknown) => PortalError

/** Returns what makes the errors at a piece of the parsed rule. */
export type ErrorAt = (piece: Piece) => MakeError

/** For a location in a rule as text. Characters are counted from 1. */
export function errorInText(number: number, rule: string, at: number): MakeError {
  return faultError(`Fault rule ${number} \`${rule}\`, character ${at + 1}`)
}

/** For a location in a rule as an object, by its path. */
export function errorInObject(number: number, path: string): MakeError {
  return faultError(`Fault rule ${number}, ${path}`)
}

function faultError(location: string): MakeError {
  return (expected, got) => {
    const received = got === '' || got === undefined ? 'nothing' : (JSON.stringify(got) ?? String(got))
    return new PortalError('OPTION', `${location}: expected ${expected}, got ${received.slice(0, 100)}`)
  }
}
