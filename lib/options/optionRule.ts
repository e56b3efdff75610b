/**
 * What one option accepts: JSON Schema (with the keyword `instanceOf` for classes), and the same in words for the error
 * message. `checkOptions` fills in the `default`. `secret` keeps the received value out of the message.
 */
export interface OptionRule {
  readonly expected: string
  readonly default?: unknown
  readonly secret?: true
  readonly [keyword: string]: unknown
}

/** An integer from `min` to `max`, or without an upper limit. The message names the unit in brackets. */
export function integer({
  min,
  max,
  unit,
  default: value,
}: {
  min: number
  max?: number
  unit?: string
  default?: number
}): OptionRule {
  const range = max === undefined ? `an integer, ${min} or more` : `an integer from ${min} to ${max}`
  return {
    type: 'integer',
    minimum: min,
    ...(max === undefined ? {} : { maximum: max }),
    ...(value === undefined ? {} : { default: value }),
    expected: unit === undefined ? range : `${range} (${unit})`,
  }
}

/** A number from `min`, or greater than `above`, up to `max`. */
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

/** One of two or more words. */
export function choice(...words: readonly string[]): OptionRule {
  const quoted = words.map(word => `"${word}"`)
  return { enum: words, expected: `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}` }
}

/** The same rule, with a default. */
export const withDefault = (value: unknown, rule: OptionRule): OptionRule => ({ ...rule, default: value })

/** An object of options, each with its own rule; `required` names the mandatory ones. */
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
