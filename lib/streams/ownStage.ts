import { describe, messageOf } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { plainJson } from '../stage/plainJson.ts'

/** The arguments that `source()` and `sink()` have in common, not checked. */
export interface OwnStage {
  name: unknown
  /** The user's function, by the name of its argument. */
  code: Readonly<Record<string, unknown>>
  /** The user's description of the stage, for the checkpoint. */
  options: unknown
}

/**
 * Checks a user's own stage. Returns what must be equal for a checkpoint to fit.
 *
 * @throws {LeadpipeError} OPTION when the name or the function is missing, or the options are not plain JSON
 */
export function ownFingerprint(kind: 'source' | 'sink', { name, code, options }: OwnStage): object {
  const wrong = (option: string, expected: string, received: string, cause?: unknown) =>
    optionError({ owner: `${kind}()`, option, expected, received }, cause)
  if (typeof name !== 'string' || name === '') {
    throw wrong('name', "a name, such as 'contacts'", describe(name))
  }
  for (const [option, value] of Object.entries(code)) {
    if (typeof value !== 'function') throw wrong(option, 'a function', describe(value))
  }
  if (options === undefined) return { [kind]: name }
  try {
    return { [kind]: name, options: plainJson(options, 'the options') }
  } catch (cause) {
    throw wrong('options', 'plain JSON', `those of ${JSON.stringify(name)}: ${messageOf(cause)}`, cause)
  }
}
