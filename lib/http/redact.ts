const entities: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
}

/**
 * A function that replaces a secret wherever it stands in a text: as it is, percent-encoded (once or more often),
 * or as JSON and HTML escape it, since servers repeat the URL that they were asked for in all of these ways.
 *
 * @param parameters names of a query's fields whose values are replaced, too: a server may have cut the secret
 */
export function redactor(
  secret: string,
  parameters: readonly string[] = ['access_token'],
): (text: string) => string {
  const anyForm = new RegExp(Array.from(secret, formsOf).join(''), 'gi')
  const inUrl = new RegExp(`(${parameters.join('|')})(=|%(?:25)*3d)[^&\\s"'<>\\\\;,)]*`, 'gi')
  return text => text.replace(anyForm, '***').replace(inUrl, '$1$2***')
}

/** A text that is no URL, quoted, without the parts of it that would hold credentials if it were one. */
export function maskUrl(text: string): string {
  return JSON.stringify(text.replace(/^.*@|[?#].*$/gs, '…').slice(0, 60))
}

/** A pattern for one character: itself, "%2F", "%252F", "\/", "\u002F", "&#47;", "&#x2F;" or "&amp;". */
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
