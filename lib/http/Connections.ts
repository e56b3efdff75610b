import type { buildConnector, Dispatcher, Pool } from 'undici'
import { optionError } from '../options/checkOptions.ts'
import type { OutgoingRequest, RawAnswer } from './exchange.ts'
import { skipInterimAnswers } from './interimAnswers.ts'
import { networkError } from './networkError.ts'
import { maskUrl } from './redact.ts'
import type { TransportSettings } from './transportOptions.ts'

type Settings = Pick<TransportSettings, 'concurrency' | 'timeouts'>

/**
 * The connections to one origin: through the proxy that HTTP_PROXY or HTTPS_PROXY names, unless NO_PROXY excludes the
 * origin. None is opened before the first request, and idle ones do not keep the process alive.
 */
export class Connections {
  readonly #origin: string
  readonly #settings: Settings
  readonly #proxy: URL | undefined
  #dispatcher: Promise<Dispatcher & { destroyed?: boolean }> | undefined
  /** The proxy in use, without its credentials. */
  #usedProxy: string | undefined

  /** @throws {LeadpipeError} OPTION when the environment names a proxy that can't be used. */
  constructor(origin: string, settings: Settings) {
    this.#origin = origin
    this.#settings = settings
    this.#proxy = proxyFor(origin)
  }

  /**
   * Sends a request once, and resolves when the headers of the answer have arrived.
   *
   * @throws {LeadpipeError} NETWORK or TIMEOUT.
   */
  async send({ method, path, headers, body, signal }: Omit<OutgoingRequest, 'url'>): Promise<RawAnswer> {
    this.#dispatcher ??= this.#open()
    const dispatcher = await this.#dispatcher
    try {
      const origin = this.#origin
      const answer = await dispatcher.request({
        origin,
        path,
        method,
        headers,
        body: body ?? null,
        signal,
      })
      const { statusCode: status } = answer
      return { status, ok: status >= 200 && status < 300, headers: answer.headers, body: answer.body }
    } catch (cause) {
      throw networkError(cause, this.#origin, this.#usedProxy)
    }
  }

  /** Ends every connection at once. Safe to call again. */
  async destroy(): Promise<void> {
    const dispatcher = await this.#dispatcher
    if (!dispatcher?.destroyed) await dispatcher?.destroy()
  }

  async #open(): Promise<Dispatcher> {
    // Not with leadpipe itself: undici would take a third of the time that it takes to import leadpipe.
    const { buildConnector, EnvHttpProxyAgent, Pool } = await import('undici')
    const { concurrency, timeouts } = this.#settings
    const options = {
      connections: concurrency,
      pipelining: 1,
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.chunk,
    }
    const open = (url: string | URL, { connect, ...given }: Pool.Options) => {
      const connector = typeof connect === 'function' ? connect : buildConnector(connect ?? {})
      return new Pool(url, { ...given, ...options, connect: skipping(connector) })
    }
    const connect = { timeout: timeouts.connect }
    const proxy = this.#proxy
    if (proxy === undefined) return open(this.#origin, { connect })
    return new EnvHttpProxyAgent({
      connect,
      // The agent applies NO_PROXY. Without a separate proxy for https, the one for http serves both.
      httpProxy: proxy.origin,
      httpsProxy: '',
      ...credentialsOf(proxy),
      proxyTls: connect,
      requestTls: connect,
      // Like curl: many proxies allow CONNECT to port 443 only.
      proxyTunnel: false,
      clientFactory: (url, given) => new Pool(url, { ...given, headersTimeout: timeouts.headers }),
      factory: (url, given) => {
        // Only for connections through the proxy is `connect` a function; for direct ones it is an object.
        const isProxied = 'connect' in given && typeof given.connect === 'function'
        this.#usedProxy = isProxied ? proxy.origin : undefined
        return open(url, given)
      },
    })
  }
}

/** A connector whose sockets skip interim answers, and whose failures end a request. */
function skipping(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) =>
      error === null ? callback(null, skipInterimAnswers(socket)) : callback(finalError(error), null),
    )
}

/**
 * After an error with one of these codes, undici opens the connection again at once, as often as it fails: without an
 * end if a proxy closes every connection without an answer to CONNECT.
 */
function finalError(error: Error & { code?: string }): Error {
  if (error.code !== 'UND_ERR_SOCKET' && error.code !== 'UND_ERR_INFO') return error
  return Object.assign(new Error(error.message, { cause: error }), { code: 'ECONNRESET' })
}

/** The credentials in the URL of a proxy. undici would ignore a name without a password, and fail at a lone "%". */
function credentialsOf({ username, password }: URL): { token?: string } {
  if (username === '' && password === '') return {}
  const plain = `${decoded(username)}:${decoded(password)}`
  return { token: `Basic ${Buffer.from(plain).toString('base64')}` }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The proxy that the environment names for an origin, without regard to NO_PROXY. */
function proxyFor(origin: string): URL | undefined {
  const { env } = process
  const ofHttp = env.http_proxy ?? env.HTTP_PROXY
  const ofHttps = env.https_proxy ?? env.HTTPS_PROXY
  const [name, value] =
    origin.startsWith('https:') && ofHttps
      ? (['HTTPS_PROXY', ofHttps] as const)
      : (['HTTP_PROXY', ofHttp] as const)
  if (!value) return undefined
  const text = value.includes('://') ? value : `http://${value}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  const expected = 'the http or https URL of a proxy, for example "http://proxy.example:3128"'
  throw optionError({ owner: 'process.env', option: name, expected, received: maskUrl(value) })
}
