import { randomUUID } from 'node:crypto'
import type { Settings } from '../checkOptions.ts'
import { Refusal } from '../Refusal.ts'

/** A token that was issued now. */
export interface Issued {
  readonly accessToken: string
  /** Whole seconds. */
  readonly expiresIn: number
}

/** What HubSpot's tokens are issued for; said of tokens that never expire, too. */
const usualSeconds = 1_800

/** The most tokens that are remembered, apart from those that are valid. */
const remembered = 1_000

/** The access tokens of a portal, and when each expires. */
export class Tokens {
  readonly refreshToken: string
  readonly #lifetime: number
  /** Milliseconds since 1970; a token is valid before this time. */
  readonly #expiries = new Map<string, number>()

  constructor({ accessToken, refreshToken, tokenLifetime, now }: Settings) {
    this.refreshToken = refreshToken
    this.#lifetime = tokenLifetime ?? Number.POSITIVE_INFINITY
    this.#expiries.set(accessToken, tokenLifetime === undefined ? this.#lifetime : now() + tokenLifetime)
  }

  /** Issues a token. Earlier ones stay valid until they expire. */
  issue(now: number): Issued {
    for (const [token, expiry] of this.#expiries) {
      if (this.#expiries.size < remembered) break
      if (expiry <= now) this.#expiries.delete(token)
    }
    const accessToken = randomUUID()
    this.#expiries.set(accessToken, now + this.#lifetime)
    return { accessToken, expiresIn: this.secondsOf(accessToken, now) ?? 0 }
  }

  /** Whole seconds until a token expires; undefined for one that is not valid. */
  secondsOf(token: string, now: number): number | undefined {
    const expiry = this.#expiries.get(token)
    if (expiry === undefined || expiry <= now) return undefined
    return Number.isFinite(expiry) ? Math.floor((expiry - now) / 1_000) : usualSeconds
  }

  /** The reason why a token that was once valid is refused; undefined for a token that never was. */
  refusalOf(token: string, now: number): Refusal | undefined {
    const expiry = this.#expiries.get(token)
    if (expiry === undefined) return undefined
    const seconds = Math.floor((now - expiry) / 1_000)
    const message = `The OAuth token used to make this call expired ${seconds} second(s) ago.`
    const context = { 'expire time': [new Date(expiry).toISOString()] }
    return new Refusal(401, message, { fields: { category: 'EXPIRED_AUTHENTICATION', context } })
  }

  /** Ends the validity of a token. */
  expire(token: string, now: number): void {
    this.#expiries.set(token, now)
  }
}
