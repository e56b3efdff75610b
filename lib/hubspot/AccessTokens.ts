import { unlessAborted } from '../async/onAbort.ts'
import { LeadpipeError, messageOf } from '../errors.ts'
import type { Clock } from '../http/Clock.ts'
import { redactedError, redactor } from '../http/redact.ts'
import { optionError, typeOf } from '../options/checkOptions.ts'

/** An access token, or an access token and when it expires: a Date, or milliseconds since 1970. */
export type AccessToken = string | { token: string; expiresAt?: number | Date | undefined }

/** A function that returns an access token. */
export type AccessTokenFunction = () => AccessToken | Promise<AccessToken>

/** What a token must look like to be sent in a header. */
export const tokenPattern = '^(?!["\'])[\\x21-\\x7e]+(?<!["\'])$'

/** A token while it is used: each call of the function makes another, even if its value is the same. */
export interface Token {
  readonly value: string
  /** When the next one is fetched: milliseconds since 1970, Infinity for never. */
  readonly renewAt: number
  /** From when on it must not be sent: milliseconds since 1970, Infinity for never. */
  readonly expiresAt: number
}

/** A token is renewed this many milliseconds before it expires, or a tenth of its life if that is less. */
const longestLead = 60_000

/** Older tokens have expired long ago; each takes some kilobytes and some time. */
const maxRedacted = 100

/**
 * The tokens of one client: a fixed one, or those of a user's function. The function is called before the first
 * request, before a token expires, and after a refusal; never twice at the same time.
 */
export class AccessTokens {
  readonly #give: AccessTokenFunction | undefined
  readonly #clock: Clock
  readonly #redactors = new Map<string, (text: string) => string>()
  #current: Token | undefined
  #renewal: Promise<void> | undefined

  constructor(given: string | AccessTokenFunction, clock: Clock) {
    this.#clock = clock
    if (typeof given === 'string') this.#use({ value: given, renewAt: Infinity, expiresAt: Infinity })
    else this.#give = given
  }

  /** Whether there is only one token. */
  get isFixed(): boolean {
    return this.#give === undefined
  }

  /** The token to use, also while the next one is fetched; undefined if it was refused or has expired. */
  get current(): Token | undefined {
    const token = this.#current
    return token !== undefined && this.#clock.now() < token.expiresAt ? token : undefined
  }

  /**
   * Resolves when there is a token that does not have to be renewed.
   *
   * @throws {LeadpipeError} AUTH if the function fails, OPTION if it returns something else; the signal's reason after
   * an abort.
   */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#current !== undefined && this.#clock.now() < this.#current.renewAt) return
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined
    })
    await unlessAborted(this.#renewal, signal)
    signal.throwIfAborted()
  }

  /** Records that the portal refused a token; returns whether there will be another. */
  refused(token: Token): boolean {
    if (this.#give === undefined) return false
    // A newer one may be there already.
    if (this.#current === token) this.#current = undefined
    return true
  }

  /** Removes every token from a text, and what a URL has in the place of one. */
  redact(text: string): string {
    // A token may be the beginning of another.
    const longestFirst = Array.from(this.#redactors).sort(([one], [other]) => other.length - one.length)
    return inUrl(longestFirst.reduce((clean, [, redact]) => redact(clean), text))
  }

  async #renew(): Promise<void> {
    this.#use(this.#tokenOf(await this.#call()))
  }

  async #call(): Promise<unknown> {
    try {
      return await this.#give?.()
    } catch (thrown) {
      const redact = (text: string) => this.redact(text)
      const reason = redact(messageOf(thrown))
      throw new LeadpipeError('AUTH', `the function accessToken of the HubSpotClient failed: ${reason}`, {
        cause: redactedError(thrown, redact),
      })
    }
  }

  #use(token: Token): void {
    this.#current = token
    this.#redactors.delete(token.value)
    this.#redactors.set(token.value, redactor(token.value, []))
    const [oldest] = this.#redactors.keys()
    if (this.#redactors.size > maxRedacted && oldest !== undefined) this.#redactors.delete(oldest)
  }

  /** Checks what the function returned. No error shows it, because it may contain a token in the wrong place. */
  #tokenOf(given: unknown): Token {
    const { token = given, expiresAt } = (typeof given === 'object' && given !== null ? given : {}) as {
      token?: unknown
      expiresAt?: unknown
    }
    if (typeof token !== 'string' || !new RegExp(tokenPattern).test(token)) {
      throw wrongResult('the token, a string without spaces, or { token, expiresAt }', typeOf(token), given)
    }
    if (expiresAt === undefined) return { value: token, renewAt: Infinity, expiresAt: Infinity }
    const now = this.#clock.now()
    const life = Number(expiresAt) - now
    const isTime = typeof expiresAt === 'number' || expiresAt instanceof Date
    if (!isTime || !(life > 0)) {
      const received = isTime ? shownTime(Number(expiresAt)) : typeOf(expiresAt)
      const expected = `an expiresAt in the future, a Date or milliseconds since 1970 (now ${now})`
      throw wrongResult(expected, received, given)
    }
    const end = now + life
    return { value: token, renewAt: end - Math.min(longestLead, life / 10), expiresAt: end }
  }
}

/** Removes the values of the parameters that credentials are sent in. */
const inUrl = redactor('', ['access_token', 'hapikey'])

const shownTime = (time: number) => (Number.isNaN(time) ? 'an invalid time' : String(time))

function wrongResult(what: string, received: string, given: unknown): LeadpipeError {
  const isAnswer = typeof given === 'object' && given !== null && 'access_token' in given
  return optionError({
    owner: 'HubSpotClient',
    option: 'accessToken',
    expected: `a function that returns ${what}`,
    received,
    remedy: isAnswer
      ? 'return { token, expiresAt }: the access_token of the answer, and the time at which its expires_in seconds are over'
      : undefined,
  })
}
