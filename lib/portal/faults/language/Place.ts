import { PortalError } from '../../PortalError.ts'
import type { Piece } from './Piece.ts'

/** A location in the faults: creates the error for a wrong value there. */
export type Place = (expected: string, got: unknown) => PortalError

/** Creates the location of a piece of the parsed rule. */
export type PlaceOf = (piece: Piece) => Place

/** A location in a rule as text. Characters are counted from 1. */
export function placeInText(number: number, rule: string, at: number): Place {
  return faultError(`Fault rule ${number} \`${rule}\`, character ${at + 1}`)
}

/** A location in a rule as an object, by its path. */
export function placeInObject(number: number, path: string): Place {
  return faultError(`Fault rule ${number}, ${path}`)
}

function faultError(place: string): Place {
  return (expected, got) => {
    const received = got === '' || got === undefined ? 'nothing' : (JSON.stringify(got) ?? String(got))
    return new PortalError('OPTION', `${place}: expected ${expected}, got ${received.slice(0, 100)}`)
  }
}
