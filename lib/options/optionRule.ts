/**
 * What one option accepts: JSON Schema (with the keyword `instanceOf` for classes), and the same in words,
 * for the error message. `secret` keeps the received value out of it.
 */
export interface OptionRule {
  readonly expected: string
  readonly secret?: true
  readonly [keyword: string]: unknown
}

/** An integer of a range; of one without a maximum, any that is not less. The unit is told in brackets. */
export function integer({ min, max, unit }: { min: number; max?: number; unit?: string }): OptionRule {
  const range = max === undefined ? `an integer, ${min} or more` : `an integer from ${min} to ${max}`
  return {
    type: 'integer',
    minimum: min,
    ...(max === undefined ? {} : { maximum: max }),
    expected: unit === undefined ? range : `${range} (${unit})`,
  }
}

/** A number of a range that begins at `min`, or behind `above`. */
export function number({
  max,
  ...least
}: ({ min: number } | { above: number }) & { max: number }): OptionRule {
  return 'min' in least
    ? { type: 'number', minimum: least.min, maximum: max, expected: `a number from ${least.min} to ${max}` }
    : {
        type: 'number',
        exclusiveMinimum: least.above,
        maximum: max,
        expected: `a number more than ${least.above} and at most ${max}`,
      }
}

/** One of two words or more. */
export function choice(...words: readonly string[]): OptionRule {
  const quoted = words.map(word => `"${word}"`)
  return { enum: words, expected: `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}` }
}

/** An object of options, each with a rule of its own; `required` names those that can't be left out. */
export function group(
  properties: Readonly<Record<string, OptionRule>>,
  required: readonly string[] = [],
): OptionRule {
  return {
    type: 'object',
    additionalProperties: false,
    properties,
    required,
    expected: `{ ${Object.keys(properties).join(', ')} }`,
  }
}
