import { PortalError } from '../../PortalError.ts'
import type { Piece } from './Piece.ts'

/** Where in the faults something stands: it makes the error for what is wrong there. */
export type Place = (expected: string, got: unknown) => PortalError

/** Makes the place of a piece of the rule that is parsed. */
export type PlaceOf = (piece: Piece) => Place

/** A place in a rule that is text. Characters are counted from 1. */
export function placeInText(number: number, rule: string, at: number): Place {
  return faultError(`Fault rule ${number} \`${rule}\`, character ${at + 1}`)
}

/** A place in a rule that is an object, by the path to it. */
export function placeInObject(number: number, path: string): Place {
  return faultError(`Fault rule ${number}, ${path}`)
}

function faultError(place: string): Place {
  return (expected, got) => {
    const received = got === '' || got === undefined ? 'nothing' : (JSON.stringify(got) ?? String(got))
    return new PortalError('OPTION', `${place}: expected ${expected}, got ${received.slice(0, 100)}`)
  }
}
