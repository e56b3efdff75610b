/** Scheme, host and path: all of a URL that may be told. Userinfo and query may hold secrets. */
export function describeUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
