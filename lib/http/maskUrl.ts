/** A text that is no URL, quoted, without the parts of it that would hold credentials if it were one. */
export function maskUrl(text: string): string {
  return JSON.stringify(text.replace(/^.*@|[?#].*$/gs, '…').slice(0, 60))
}
