/** What stands behind the name of a credential in a URL, plain or percent-encoded, even if it was cut. */
const inUrl = /(access_token|hapikey)(=|%(?:25)*3d)[^&\s"'<>\\;,)]*/gi

const entities: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
}

/**
 * Replaces a secret wherever it stands in a text: as it is, percent-encoded (once or more often), or as JSON
 * and HTML escape it, since servers repeat the URL that they were asked for in all of these ways.
 */
export function redact(text: string, secret: string): string {
  const anyForm = new RegExp(Array.from(secret, formsOf).join(''), 'gi')
  return text.replace(anyForm, '***').replace(inUrl, '$1$2***')
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
