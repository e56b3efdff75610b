/** Replaces a secret, raw or percent-encoded, wherever it stands in a text. */
export function redact(text: string, secret: string): string {
  return text.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***')
}
