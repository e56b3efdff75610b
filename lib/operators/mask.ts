import { createHmac } from 'node:crypto'
import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { choice } from '../options/optionRule.ts'
import { Operator } from '../streams/Operator.ts'
import { FormFields, normal, type PersonalField, personalFields, remembering } from './personalFields.ts'

/** What {@link mask} masks, and how. */
export interface MaskOptions<
  How extends 'drop' | 'redact' | 'hash' = 'drop' | 'redact' | 'hash',
  F extends string = string,
> {
  /** 'drop' leaves the field out, 'redact' puts "REDACTED" in its place, 'hash' a keyed hash of the value. */
  how: How
  /**
   * The secret key of 'hash': a text of at least 16 characters, or at least 16 bytes. With the same key, equal values have
   * equal hashes, in every run and every field. Without it, nobody can find out whose hash one is.
   */
  key?: string | Uint8Array | undefined
  /**
   * Names of the fields to mask, wherever they are in a value; capital letters and signs between words do not matter. Default:
   * {@link personalFields}.
   */
  fields?: readonly F[] | undefined
}

const owner = 'mask()'
/** What the options accept. */
export const maskRules: OptionRules = {
  owner,
  options: {
    how: choice('drop', 'redact', 'hash'),
    key: {
      anyOf: [{ type: 'string', minLength: 16 }, { instanceOf: 'Uint8Array' }],
      secret: true,
      expected: 'a text of at least 16 characters, or at least 16 bytes',
    },
    fields: {
      type: 'array',
      items: { type: 'string', minLength: 1, expected: 'the name of a field' },
      minItems: 1,
      default: personalFields,
      expected: 'a list of at least one name',
    },
  },
}

/** The type of what `mask` makes of T. */
export type Masked<T, How, F extends string> = unknown extends T
  ? T
  : T extends readonly (infer Item)[]
    ? Masked<Item, How, F>[]
    : T extends Date | ((...given: never) => unknown)
      ? T
      : T extends object
        ? {
            [K in keyof T as IsMasked<K, F> extends true ? (How extends 'drop' ? never : K) : K]: IsMasked<
              K,
              F
            > extends true
              ? string | Extract<T[K], null | undefined>
              : Masked<T[K], How, F>
          }
        : T

type IsMasked<K, F extends string> = K extends string
  ? Lowercase<K> extends Lowercase<F>
    ? true
    : false
  : false

/**
 * Masks personal and secret data: the fields of a list, at every level, and what was typed into forms. It works alike for
 * leads of 2011, for the records of CRM objects and for submissions of forms.
 *
 * The value of a form's field (`fieldValue`, or `value` beside a `name`) is masked if the name or the label of the field
 * contains a name of the list, if it equals a masked value of the same record, or if it contains an email address. A
 * masked field with several parts, such as the history of a property, is masked as a whole. null, "" and missing fields
 * stay as they are.
 *
 * Put it before `project`, `rename`, `flatten` and `pivotFormValues`: it knows the fields by their names. Other texts are not searched:
 * the address of a page may contain data, too. Hashed data is still about a person. A company, a job and a place
 * together may say who it is.
 *
 * The hash is HMAC-SHA-256 of the value's text, 64 hexadecimal digits. A checkpoint contains only a digest of the key.
 *
 * @throws {LeadpipeError} OPTION for a wrong option, for 'hash' without a key, and for a key without 'hash'. The stream
 * fails with OPERATOR for a value that is nested deeper than 1,000 levels.
 *
 * @example
 * ```ts
 * mask({ how: 'hash', key: process.env.MASK_KEY })
 * mask({ how: 'drop', fields: [...personalFields, 'company', 'city'] })
 * ```
 */
export function mask<T, const How extends 'drop' | 'redact' | 'hash', const F extends string = PersonalField>(
  options: MaskOptions<How, F>,
): Operator<T, Masked<T, How, F>>
export function mask(given: MaskOptions): Operator<unknown, unknown> {
  const { how, key, fields } = checkMask(given)
  const names = new Set(fields.map(normal))
  const formFields = new FormFields(names)
  const isMasked = remembering(
    name => names.has(normal(name)) || names.has(normal(name.slice(name.lastIndexOf('.') + 1))),
  )
  return new Operator<unknown, unknown>([
    {
      name: 'mask',
      stateless: true,
      options: {
        how,
        fields,
        ...(key === undefined ? {} : { key: hashOf('leadpipe checkpoint', key).slice(0, 16) }),
      },
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          const found = new Set<string>()
          collect(value, found, 0)
          emit(masked(value, found))
        },
      }),
    },
  ])

  /** Finds the texts that are masked in a value, to recognise them in form values. */
  function collect(value: unknown, found: Set<string>, depth: number): void {
    if (depth > 1_000) throw new TypeError('expected a value of at most 1,000 levels')
    if (Array.isArray(value)) for (const item of value) collect(item, found, depth + 1)
    else if (isPlain(value)) {
      for (const [name, field] of Object.entries(value)) {
        if (!isMasked(name)) collect(field, found, depth + 1)
        else if (typeof field === 'string' && field.trim() !== '') found.add(comparable(field))
      }
    }
  }

  function masked(value: unknown, found: ReadonlySet<string>): unknown {
    if (Array.isArray(value)) return value.map(item => masked(item, found))
    if (!isPlain(value)) return value
    const typed = formFields.valueName(value)
    const isPersonal =
      typed !== undefined &&
      (formFields.isMasked(value) || containsEmail(value[typed]) || found.has(comparable(value[typed])))
    const kept: [string, unknown][] = []
    for (const [name, field] of Object.entries(value)) {
      if (!isMasked(name) && !(isPersonal && name === typed)) kept.push([name, masked(field, found)])
      else if (how !== 'drop') kept.push([name, hidden(field)])
    }
    return Object.fromEntries(kept)
  }

  function hidden(value: unknown): unknown {
    if (value === null || value === undefined || value === '') return value
    if (how === 'redact') return 'REDACTED'
    return hashOf(typeof value === 'object' ? JSON.stringify(value) : String(value), key as string)
  }
}

const hashOf = (text: string, key: string | Uint8Array) =>
  createHmac('sha256', key).update(text).digest('hex')

const comparable = (value: unknown) => String(value).trim().toLowerCase()
const containsEmail = (value: unknown) => /[^\s@]@[^\s@]+\.[^\s@]/.test(String(value))

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function checkMask(given: MaskOptions) {
  const options = checkOptions(given, maskRules)
  const { how, key, fields } = options
  if (how === undefined) {
    throw optionError({
      owner,
      option: 'how',
      expected: choice('drop', 'redact', 'hash').expected,
      received: 'none',
    })
  }
  const other = { option: 'how', value: how }
  const { expected } = maskRules.options.key as { expected: string }
  if (how === 'hash' && key === undefined) {
    throw optionError({ owner, option: 'key', expected, with: other, received: 'none' })
  }
  if (how !== 'hash' && key !== undefined) {
    throw optionError({ owner, option: 'key', expected: 'none', with: other, received: 'one' })
  }
  if (key instanceof Uint8Array && key.length < 16) {
    throw optionError({ owner, option: 'key', expected, received: `${key.length} bytes` })
  }
  const empty = fields?.find(name => normal(name) === '')
  if (empty !== undefined) {
    throw optionError({
      owner,
      option: 'fields',
      expected: 'names with a letter or a digit',
      received: describe(empty),
    })
  }
  return { how, key, fields: fields as readonly string[] }
}
