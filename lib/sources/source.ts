import { messageOf } from '../errors.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { plainJson } from '../stage/plainJson.ts'
import type { SourceOpening, SourceRun, SourceStage } from '../stage/SourceStage.ts'
import { ownFingerprint } from '../streams/ownStage.ts'
import { SourceReadable } from '../streams/SourceReadable.ts'
import { OwnSourceRun, type OwnSourceState, type Read } from './OwnSourceRun.ts'

/** How a source of your own is resumed. */
export interface SourceOptions<P = unknown> {
  /**
   * What the source reads (an address, a filter), as plain JSON. A checkpoint that was saved with other options is
   * refused. The text of `read` is not compared. Default: none.
   */
  options?: unknown
  /**
   * Where the next window begins, for `whenFinished: 'next'`: receives the position after the last batch of a run that
   * was read to its end, and `overlap` of the checkpoint options in milliseconds. `position => position` continues
   * after the last record. After a run without any batch, it is not called, and `from` is undefined again.
   * Default: none, and 'next' is refused.
   */
  following?: ((position: P, options: { overlap: number }) => P) | undefined
}

const owner = 'source()'

/** What the options accept. */
export const sourceRules: OptionRules = {
  owner,
  options: {
    options: { expected: 'plain JSON' },
    following: { instanceOf: 'Function', expected: 'a function' },
  },
}

/**
 * Makes a source of your own, which can be resumed from a checkpoint.
 *
 * `read` is usually an async generator. It yields batches of records, and with each the position after it. A checkpoint
 * holds the position of a batch whose records were all processed; after a restart, `read` begins there. Between two
 * records of a batch nothing can be saved, so a batch should be small: a page of an API. `read` must return the same
 * records for the same position.
 *
 * `read` is called when the first record is requested, once per run. If the run ends early, `signal` aborts, the
 * iterator's `return` is called, and neither is awaited.
 *
 * The stream fails with SOURCE if `read` throws, a position is not plain JSON, or `records` is not an array or holds
 * null. A LeadpipeError that `read` throws reaches the caller as it is.
 *
 * @param name for errors, the report and the checkpoint
 * @throws {LeadpipeError} OPTION for a missing name or function, an unknown option or a wrong value.
 *
 * @example
 * ```ts
 * interface Page { results: Contact[]; paging?: { next: { after: string } } }
 *
 * const contacts = source<Contact, string>('contacts', async function* ({ from, signal }) {
 *   for (let after = from ?? '0'; after !== 'end'; ) {
 *     const response = await fetch(`${origin}/contacts?after=${after}`, { signal })
 *     const { results, paging } = (await response.json()) as Page
 *     after = paging?.next.after ?? 'end'
 *     yield { records: results, position: after }
 *   }
 * })
 * await run(contacts, toFile('contacts.ndjson'), { checkpoint: 'contacts.checkpoint.json' })
 * ```
 */
export function source<T, P = unknown>(
  name: string,
  read: Read<T, P>,
  options?: SourceOptions<P>,
): OwnSource<T> {
  const { options: description, following } = checkOptions(options, sourceRules)
  const fingerprint = ownFingerprint('source', { name, code: { read }, options: description })
  const open = (opening: SourceOpening) => new OwnSourceRun(name, read as Read<T>, opening)
  const next = following as ((position: unknown, options: { overlap: number }) => unknown) | undefined
  return new OwnSource({ name, fingerprint, open, ...followed(name, next) }, open)
}

/** A source of your own as a Readable. Made by `source()`. */
export class OwnSource<T> extends SourceReadable<T> {
  /** The name that it was created with. */
  readonly name: string

  constructor(stage: SourceStage<T>, open: (opening: SourceOpening) => SourceRun<T>) {
    super(stage, open)
    this.name = stage.name
  }
}

function followed(
  name: string,
  next: ((position: unknown, options: { overlap: number }) => unknown) | undefined,
): Pick<SourceStage, 'following' | 'noneFollows'> {
  if (next === undefined) {
    const received = `none for ${JSON.stringify(name)}`
    return { noneFollows: { owner, option: 'following', expected: 'a function', received } }
  }
  return {
    following(state, overlap): OwnSourceState {
      // null: it ended in the middle of a batch.
      const { ended, position } = (state ?? {}) as Partial<OwnSourceState>
      if (!ended) throw new Error('the last run was not read to its end, because an operator ended it')
      const start = { delivered: 0, ended: false }
      if (position === undefined) return start
      try {
        return { ...start, position: plainJson(next(position, { overlap }), 'its result') }
      } catch (cause) {
        throw new Error(`following() of ${JSON.stringify(name)} failed: ${messageOf(cause)}`, { cause })
      }
    },
  }
}
