import { Writable } from 'node:stream'
import type {
  OperatorCounts,
  OperatorTotals,
  OwnInstance,
  OwnStepDefinition,
  SideOutput,
  SideOutputs,
} from '../engine/definition.ts'
import { describe, LeadpipeError, type LeadpipeErrorOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { choice, type OptionRule, withDefault } from '../options/optionRule.ts'
import type { Quarantined } from '../stage/Quarantined.ts'
import { type Equation, equation } from '../stage/Stage.ts'

/** What happens to values that an operator finds invalid. */
export interface InvalidOptions {
  /**
   * The action for an invalid value: 'fail' ends the run with INVALID_LEAD, 'skip' leaves the value out and counts
   * it in the report, 'quarantine' writes it to `quarantine`. With `validate` under `run`, the last two also apply to
   * elements of a body that are not leads, which otherwise fail the run with DECODE. Default: 'fail'.
   */
  onInvalid?: 'fail' | 'skip' | 'quarantine' | undefined
  /**
   * The destination of invalid values, as {@link Quarantined} records: the path of an NDJSON file (only under `run`,
   * which opens it), or an object-mode Writable such as a sink, which `run` ends. Required with 'quarantine'.
   */
  quarantine?: string | Writable | undefined
  /**
   * The number of values that may be invalid; one more fails the run with INVALID_LEAD. A count, or a share between
   * 0 and 1 of all values, which is checked from 1,000 values on and at the end. Default: any number.
   */
  maxInvalid?: number | undefined
}

/** What the options accept. */
export const invalidRules: Readonly<Record<keyof InvalidOptions, OptionRule>> = {
  onInvalid: withDefault('fail', choice('fail', 'skip', 'quarantine')),
  quarantine: {
    anyOf: [
      { type: 'string', minLength: 1 },
      { type: 'object', required: ['write', 'end', 'writableObjectMode'] },
    ],
    expected: 'the path of a file, or an object-mode Writable',
  },
  maxInvalid: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    ],
    expected: 'an integer, 0 or more, or a share between 0 and 1',
  },
}

/**
 * Checks that the options do not contradict each other.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkInvalidOptions(owner: string, options: InvalidOptions): void {
  const { onInvalid, quarantine, maxInvalid } = options
  if (onInvalid === 'quarantine' && quarantine === undefined) {
    const other = { option: 'onInvalid', value: onInvalid }
    const { expected } = invalidRules.quarantine
    throw optionError({ owner, option: 'quarantine', expected, with: other, received: 'none' })
  }
  if (onInvalid !== 'quarantine' && quarantine !== undefined) {
    const other = { option: 'quarantine' }
    const received = describe(onInvalid)
    throw optionError({ owner, option: 'onInvalid', expected: '"quarantine"', with: other, received })
  }
  if (onInvalid === 'fail' && maxInvalid !== undefined) {
    const other = { option: 'onInvalid', value: onInvalid }
    const received = String(maxInvalid)
    throw optionError({ owner, option: 'maxInvalid', expected: 'none', with: other, received })
  }
  if (quarantine instanceof Writable && !quarantine.writableObjectMode) {
    const received = 'one that takes bytes'
    throw optionError({ owner, option: 'quarantine', expected: 'an object-mode Writable', received })
  }
}

/** The part of the definition of an operator that follows from the options. */
export const invalidDefinition = ({
  quarantine,
}: InvalidOptions): Pick<OwnStepDefinition, 'outputs' | 'totals'> => ({
  ...(quarantine === undefined ? {} : { outputs: { quarantine } }),
  totals: ({ own: { skipped = 0, quarantined = 0 } }: OperatorCounts): OperatorTotals => ({
    skipped,
    quarantined,
  }),
})

/** The options as plain JSON, for a checkpoint. */
export const shownInvalid = ({ onInvalid, quarantine, maxInvalid }: InvalidOptions) => ({
  onInvalid,
  ...(maxInvalid === undefined ? {} : { maxInvalid }),
  ...(quarantine === undefined ? {} : { quarantine: typeof quarantine === 'string' ? quarantine : true }),
})

/** Every value is valid or was left out, and every valid one was emitted. */
export function invalidEquations(
  { name, in: into, out, unused = 0, own }: OperatorCounts,
  rejected: number,
): Equation[] {
  const { valid = 0, skipped = 0, quarantined = 0 } = own
  const used = valid + skipped + quarantined + unused
  return [
    equation(`into ${name}`, 'valid + skipped + quarantined + unused', into + rejected, used),
    equation(`valid in ${name}`, `out of ${name}`, valid, out),
  ]
}

/** Number of values after which a share of them is checked. */
const minSeen = 1_000

/** Counts values, leaves out the invalid ones, and limits their number; the state of one use of an operator. */
export class InvalidValues {
  readonly counts = { valid: 0, skipped: 0, quarantined: 0, rejected: 0 }
  readonly #operator: string
  readonly #max: number | undefined
  readonly #quarantine: SideOutput | undefined

  constructor(
    operator: string,
    { maxInvalid }: InvalidOptions,
    outputs: SideOutputs<SideOutput> | undefined,
  ) {
    this.#operator = operator
    this.#max = maxInvalid
    this.#quarantine = outputs?.quarantine
  }

  /**
   * @param record its record for the quarantine
   * @param why the problem, in words
   * @throws {LeadpipeError} INVALID_LEAD when there are too many
   */
  leaveOut(record: () => Quarantined, why: string): void {
    if (this.#quarantine === undefined) this.counts.skipped += 1
    else {
      this.counts.quarantined += 1
      this.#quarantine.write(record())
    }
    if (!this.#isShare || this.#seen >= minSeen) this.#check(`; the last: ${why}`)
  }

  /** The part of the operator's instance that follows from the counts. */
  get instance(): Omit<OwnInstance<unknown, unknown>, 'step' | 'reject'> {
    return {
      // At the end, a share counts even if there are few values.
      flush: () => this.#check(''),
      savesCheaply: true,
      save: () => ({ ...this.counts }),
      restore: state => {
        Object.assign(this.counts, state)
      },
      counts: () => this.#shown,
    }
  }

  /** For the report: counts that are 0 because of the chosen policy are omitted. */
  get #shown(): Record<string, number> {
    const { valid, skipped, quarantined, rejected } = this.counts
    return {
      valid,
      skipped,
      ...(quarantined > 0 ? { quarantined } : {}),
      ...(rejected > 0 ? { rejected } : {}),
    }
  }

  get #invalid(): number {
    return this.counts.skipped + this.counts.quarantined
  }

  get #seen(): number {
    return this.counts.valid + this.#invalid
  }

  get #isShare(): boolean {
    return this.#max !== undefined && this.#max > 0 && this.#max < 1
  }

  #check(why: string): void {
    const [maxInvalid, invalid, seen] = [this.#max, this.#invalid, this.#seen]
    if (maxInvalid === undefined || invalid <= (this.#isShare ? maxInvalid * seen : maxInvalid)) return
    const allowed = this.#isShare ? `a share of ${maxInvalid} is allowed` : `${maxInvalid} are allowed`
    const remedy = { owner: `${this.#operator}()`, option: 'maxInvalid', to: 'a higher number to continue' }
    throw new LeadpipeError('INVALID_LEAD', `${invalid} of ${seen} records are invalid, ${allowed}${why}`, {
      context: { invalid, seen, maxInvalid, remedy },
    })
  }
}

/** A problem of a value, as Ajv describes it. */
export interface FoundError {
  readonly instancePath: string
  readonly keyword: string
  readonly message?: string | undefined
  /** The invalid value, if the schema is leadpipe's own. */
  readonly data?: unknown
}

const acceptNulls = { owner: 'validate()', option: 'nullFields', to: `'keep' to accept null and ""` }

/**
 * The INVALID_LEAD error for a value. It does not contain the person's data.
 *
 * @param mayKeepNulls whether the option nullFields could help
 */
export function invalidLead(
  value: unknown,
  error: FoundError | undefined,
  mayKeepNulls: boolean,
): LeadpipeErrorOf<'INVALID_LEAD'> {
  const guid = (value as { guid?: unknown } | undefined)?.guid
  const path = error?.instancePath || '/'
  const who = typeof guid === 'string' ? `lead ${guid}` : 'a lead without a guid'
  const isNull = error?.data === null || error?.data === ''
  const canKeep = mayKeepNulls && isNull && path !== '/' && path !== '/guid'
  return new LeadpipeError(
    'INVALID_LEAD',
    `${who}: ${path} ${error?.message ?? 'does not match the schema'}`,
    {
      context: {
        ...(typeof guid === 'string' ? { guid } : {}),
        path,
        rule: error?.keyword ?? 'schema',
        ...(canKeep ? { remedy: acceptNulls } : {}),
      },
    },
  )
}
