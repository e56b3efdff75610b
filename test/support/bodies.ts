import fc from 'fast-check'

/**
 * Whether JSON.parse confuses an escaped key with one that has a backslash, which it has read at the same place of an
 * object: Node 24 and 26, https://github.com/nodejs/node/issues/63785.
 */
const mistakesKeys = (() => {
  JSON.parse('{"a":1,"\\\\":2}')
  return !Object.hasOwn(JSON.parse('{"a":1,"\\n":2}') as object, '\n')
})()

/** A key that JSON.parse of this Node does not confuse with others. */
const readable = (key: string): string => (mistakesKeys ? key.replaceAll('\\', '/') : key)

const withReadableKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withReadableKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [readable(key), withReadableKeys(held)]),
  )
}

/** Values that JSON.parse returns unchanged: without -0, which JSON.stringify loses. */
const value = fc.jsonValue({ maxDepth: 4, depthSize: 'small', stringUnit: 'binary' }).map(withReadableKeys)

/** Keys and strings that are hard to decode. */
const awkward = fc.constantFrom(
  '__proto__',
  'constructor',
  '',
  '"',
  '\\',
  '\\"',
  '\\\\"',
  '\u0000',
  '\u001f',
  '\u007f',
  '\u2028',
  '\ufeff',
  '\ufffd',
  'é',
  '漢字',
  '😀',
  '\ud83d',
  ']}',
  '[{',
  ',',
  ':',
)

const awkwardObject = fc
  .array(fc.tuple(awkward, fc.oneof(awkward, value)), { maxLength: 4 })
  .map(entries =>
    JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(readable(k))}:${JSON.stringify(v)}`).join()}}`),
  )

const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, 1e21, 1e-7, 5e-324, 2 ** 53, 0.1),
)

/** Elements of every kind, awkward ones among them. */
const elements: fc.Arbitrary<unknown[]> = fc.array(
  fc.oneof(value, awkward, awkwardObject, number, fc.constantFrom(null, true, false, {}, [], [[]], [{}])),
  { maxLength: 8 },
)

const space = fc
  .array(fc.constantFrom(' ', '\n', '\r', '\t'), { maxLength: 3 })
  .map(characters => characters.join(''))

/** JSON with spaces of any kind wherever they are allowed. */
function spaced(text: string, spaces: readonly string[]): string {
  let next = 0
  const take = () => (spaces.length === 0 ? '' : spaces[next++ % spaces.length])
  return text.replace(/"(?:[^"\\]|\\.)*"|[[\]{}:,]/g, token =>
    token[0] === '"' ? token : `${take()}${token}${take()}`,
  )
}

/** Every character outside ASCII as an escape. */
const escaped = (text: string): string =>
  text.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The text of an array and its elements: compact, pretty, with random spaces, or with all escapes. */
export const bodies: fc.Arbitrary<{ body: Buffer; expected: unknown[] }> = fc
  .tuple(
    elements,
    fc.constantFrom('compact', 'pretty', 'tabs', 'spaced', 'escaped'),
    fc.array(space, { minLength: 1, maxLength: 6 }),
    fc.boolean(),
  )
  .map(([values, style, spaces, bom]) => {
    const compact = JSON.stringify(values)
    const text = {
      compact: () => compact,
      pretty: () => JSON.stringify(values, null, 8),
      tabs: () => JSON.stringify(values, null, '\t'),
      spaced: () => spaced(compact, spaces),
      escaped: () => escaped(compact),
    }[style]?.() as string
    const body = Buffer.from(bom ? `\ufeff${text}` : text)
    return { body, expected: JSON.parse(text) as unknown[] }
  })

/** Offsets to cut a body at, as shares of its length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 6,
})
