import { Ajv, type ValidateFunction } from 'ajv'

const classes = { AbortSignal, Date, Function, Uint8Array } as const

/*
 * One Ajv for all of leadpipe's own schemas. `strictNumbers` (Ajv's default) refuses NaN and Infinity.
 * `allErrors` stays off: hostile input could make it very slow, and the first error already names the location.
 * `validateSchema` is off, because it compiles the schema of all schemas first. A test checks our schemas instead.
 */
const ajv = new Ajv({ verbose: true, allowUnionTypes: true, validateSchema: false })
ajv.addVocabulary(['expected', 'secret'])
ajv.addKeyword({
  keyword: 'instanceOf',
  schemaType: 'string',
  compile: (name: keyof typeof classes) => (value: unknown) => value instanceof classes[name],
})
ajv.addKeyword({
  keyword: 'iterable',
  schemaType: 'boolean',
  // An array is checked item by item instead.
  compile: () => (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    (Symbol.iterator in value || Symbol.asyncIterator in value),
})

const compiled = new WeakMap<object, ValidateFunction>()

/** Compiles a schema once and remembers the result by the schema's identity. */
export function compileSchema(schema: object): ValidateFunction {
  let validate = compiled.get(schema)
  if (validate === undefined) {
    validate = ajv.compile(schema)
    compiled.set(schema, validate)
  }
  return validate
}
