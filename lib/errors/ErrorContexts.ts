/** What to do about an error: the option to set, and the values that help. */
export interface Remedy {
  /** The function or class that has the option, such as `run()`. */
  readonly owner: string
  /** Its dotted path, such as `checkpoint.whenFinished`. */
  readonly option: string
  /** The values to set it to, in words. */
  readonly to: string
  /** What to do in code, if that is something else than on a command line. */
  readonly inCode?: string
}

/** The facts about a wrong option. The message of an OPTION error is made from them. */
export interface OptionContext {
  /** The function or class that has the option: `leads()`, `HubSpotClient`, `HubSpotClient.get()`. */
  readonly owner: string
  /** The dotted path of the option, such as `retry.minDelay`, or the name of the argument. */
  readonly option?: string
  /** True if there is no such option. */
  readonly unknown?: true
  /** What is expected, in words. */
  readonly expected: string
  /** Another option that the expectation depends on, and its value. Without `owner`, it has the same owner. */
  readonly with?: {
    readonly owner?: string
    readonly option: string
    readonly value?: string | number | boolean
  }
  /** The received value, shortened; only its type if it may be a secret. */
  readonly received?: string
  /** The name of the operator that has the option, or does not allow it. */
  readonly operator?: string
  /** What to do about it. */
  readonly remedy?: string | Remedy
}

/** The facts about an answer that is not a success. */
export interface AnswerContext {
  readonly status: number
  /** Scheme, host and path of the request. */
  readonly url: string
  /** The beginning of the answer's body, without secrets. */
  readonly excerpt?: string
  /** Milliseconds until the server accepts the next request, if it says so. */
  readonly retryAfter?: number
  /** Scheme, host and path of the address that a redirect names. */
  readonly location?: string
  /** The portal's name for the limit that a 429 reports. */
  readonly policy?: string
  /** Number of attempts, if there were several. */
  readonly attempts?: number
  readonly remedy?: string | Remedy
}

/** The facts about a connection that failed. */
export interface ConnectionContext {
  /** Scheme, host and port. */
  readonly origin?: string
  /** The error code of the operating system or of undici, such as `ECONNRESET`. */
  readonly code?: string
  /** Number of the page whose body broke off, from 1, and the offset in bytes. */
  readonly page?: number
  readonly offset?: number
  /** Number of attempts, if there were several. */
  readonly attempts?: number
}

/** The facts about an error, for programs, by its code. None contains a token. */
export interface ErrorContexts {
  OPTION: OptionContext
  /** The facts about the answer, unless the function `accessToken` failed; and what a 403 says to be missing. */
  AUTH: Partial<AnswerContext> & {
    /** Scopes of which the token needs at least one. */
    readonly requiredScopes?: readonly string[]
    /** The HubSpot product that the account needs. */
    readonly requiredProduct?: string
  }
  RATE_LIMIT: AnswerContext
  /** The facts about the answer if the portal refused a request; the portal's daily limit if no request was sent. */
  DAILY_LIMIT: Partial<AnswerContext> & {
    readonly dailyLimit?: number
    readonly dailyRemaining?: number
    readonly dailyShare?: number
  }
  /** `refused`: positions of the refused records in the stream, from 0; the first 100 at most. */
  HTTP: AnswerContext & { readonly refused?: readonly number[] }
  NETWORK: ConnectionContext
  TIMEOUT: ConnectionContext
  /** With the facts about the answer if its body is something else from the beginning. */
  DECODE: Partial<AnswerContext> & {
    /** 'cut': the body ends too early. 'limit': an element is too large or too deep. 'malformed': everything else. */
    readonly problem: 'cut' | 'malformed' | 'limit'
    /** Number of the page, from 1; absent for the answer of an HTTP receiver. */
    readonly page?: number
    /** Offset in the decoded body, in bytes. */
    readonly offset?: number
    /** Index of the element in its page, from 0. */
    readonly element?: number
    readonly contentEncoding?: string
    readonly contentType?: string
  }
  PAGING: {
    readonly offset?: number
    readonly previousOffset?: number
    readonly guid?: string | undefined
    readonly timePivot?: string
    /** The form whose submissions were read. */
    readonly formGuid?: string
    readonly remedy?: string | Remedy
  }
  MISSING: { readonly guids: readonly string[] }
  /** The lead and the violated rule; or the numbers, if too many are invalid. */
  INVALID_LEAD: {
    readonly guid?: string
    readonly path?: string
    readonly rule?: string
    readonly invalid?: number
    readonly seen?: number
    readonly maxInvalid?: number
    readonly remedy?: string | Remedy
  }
  SOURCE: { readonly path?: string; readonly line?: number }
  /** The name of the operator, and the guid of the lead if there is one. */
  OPERATOR: { readonly operator?: string; readonly guid?: string }
  /** The destination (`path` or `url`), and what is known about the failure. */
  SINK: {
    readonly path?: string
    readonly url?: string
    /** The error code of the file system, such as `ENOSPC`. */
    readonly code?: string
    /** The status of the answer. */
    readonly status?: number
    readonly acknowledged?: number
    readonly unacknowledged?: number
    /** The size of the file, and the number of bytes that were written to it. */
    readonly size?: number
    readonly bytes?: number
    /** Number of the record that can't be written, from 1. */
    readonly record?: number
    readonly guid?: string
    readonly max?: number
    readonly remedy?: string | Remedy
  }
  /** The checkpoint or the destination that does not fit (`path` or `url`), and what differs. */
  CHECKPOINT: {
    readonly path?: string
    readonly url?: string
    /** The size of the file, and the size that it has according to the checkpoint. */
    readonly size?: number
    readonly bytes?: number
    /** What is different in the checkpoint of another run, as a path in its description: `source.query.search`. */
    readonly differs?: string
    /** What the checkpoint has, and what the run has, if these differ. */
    readonly saved?: string | number
    readonly now?: string | number
    readonly remedy?: string | Remedy
  }
  /** The equations that do not hold. */
  LEDGER: {
    readonly wrong: readonly { left: string; right: string; values: readonly [left: number, right: number] }[]
  }
}
