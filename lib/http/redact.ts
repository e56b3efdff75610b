import { inspect } from 'node:util'
import { messageOf } from '../errors.ts'

const entities: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
}

/**
 * A function that replaces a secret everywhere in a text: verbatim, percent-encoded (once or several times), or escaped
 * as in JSON and HTML, because servers repeat the requested URL in all of these ways.
 *
 * @param parameters query parameters whose values are replaced as well: a server may have cut the secret short
 */
export function redactor(
  secret: string,
  parameters: readonly string[] = ['access_token'],
): (text: string) => string {
  const anyForm = piecesOf(secret).map(piece => new RegExp(Array.from(piece, formsOf).join(''), 'gi'))
  const inUrl = new RegExp(`(${parameters.join('|')})(=|%(?:25)*3d)[^&\\s"'<>\\\\;,)]*`, 'gi')
  const replaced = (text: string) =>
    anyForm.reduce((clean, form) => clean.replace(form, '***'), text).replace(/(\*{3}){2,}/g, '***')
  return parameters.length === 0 ? replaced : text => replaced(text).replace(inUrl, '$1$2***')
}

/** Redacts the error of a user's function, which may repeat secrets anywhere. */
export function redactedError(thrown: unknown, redact: (text: string) => string): unknown {
  const text = inspect(thrown, { depth: 10, showHidden: true, maxStringLength: null })
  return redact(text) === text ? thrown : new Error(redact(messageOf(thrown)))
}

/** The engine can't compile the pattern of a secret of 4,000 characters. */
const longestPiece = 500

/** A secret in pieces of about equal length: a short one would match in many ordinary words. */
function piecesOf(secret: string): string[] {
  const count = Math.ceil(secret.length / longestPiece)
  const length = Math.ceil(secret.length / count)
  return Array.from({ length: count }, (_, index) => secret.slice(index * length, (index + 1) * length))
}

/** Quotes a text that is not a usable URL, without the parts in which a URL has credentials. */
export function maskUrl(text: string): string {
  return JSON.stringify(text.replace(/^.*@|[?#].*$/gs, '…').slice(0, 60))
}

/** A pattern for all forms of one character: itself, "%2F", "%252F", "\/", "\u002F", "&#47;", "&#x2F;" or "&amp;". */
function formsOf(character: string): string {
  const code = character.charCodeAt(0)
  const hex = code.toString(16)
  const itself = `\\x${hex}`
  const forms = [
    `\\\\{0,4}${itself}`,
    `%(?:25){0,4}${hex}`,
    `\\\\{1,4}u00${hex}`,
    `&#0*${code};`,
    `&#x0*${hex};`,
  ]
  const entity = entities[character]
  if (entity !== undefined) forms.push(`&${entity};`)
  return `(?:${forms.join('|')})`
}
