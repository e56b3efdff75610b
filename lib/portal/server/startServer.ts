import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { PortalError } from '../PortalError.ts'
import { respond } from './respond.ts'
import type { Served } from './Served.ts'

/** Large enough that a request with far too many guids gets the documented 413, and not Node's 431. */
const maxHeaderSize = 262_144

/**
 * Starts the server on 127.0.0.1, and nowhere else: the portal has one token, and no TLS.
 *
 * @throws PortalError LISTEN when the server can't listen on the port.
 */
export async function startServer(served: Served): Promise<Server> {
  const { port } = served.settings
  const server = createServer({ maxHeaderSize }, (request, response) => {
    // If an answer fails, its connection is closed and the portal continues.
    respond({ request, response, served }).catch(() => response.destroy())
  })
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch (cause) {
    const reason = (cause as { code?: string }).code === 'EADDRINUSE' ? 'is in use' : 'can not be bound'
    throw new PortalError('LISTEN', `Port ${port} on 127.0.0.1 ${reason}`, { cause })
  }
  return server
}
