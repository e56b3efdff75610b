import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Answer } from './Answer.ts'

/**
 * The cheapest level. It compresses a page of 477 kB to 56 kB in 1.6 ms; level 6, the default, to 44 kB in 3.6 ms.
 * Between two processes of one machine, the difference in size does not matter.
 */
const level = 1

const compressBytes = promisify(gzip)

/** An answer with its body compressed; one without a body, or with a Content-Encoding already, is not changed. */
export async function compress(answer: Answer): Promise<Answer> {
  const body = Buffer.concat(answer.body)
  if (body.length === 0 || 'Content-Encoding' in answer.headers) return answer
  const headers = { 'Content-Encoding': 'gzip', ...answer.headers }
  return { ...answer, headers, body: [await compressBytes(body, { level })] }
}

/** Whether an Accept-Encoding allows gzip: by name, or by `*` when it is not named; `q=0` forbids it. */
export function acceptsGzip(acceptEncoding = ''): boolean {
  const codings = new Map(acceptEncoding.toLowerCase().split(',').map(readCoding))
  return (codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0) > 0
}

function readCoding(text: string): [name: string, weight: number] {
  const [name = '', ...parameters] = text.split(';').map(part => part.trim())
  const weight = parameters.find(parameter => parameter.startsWith('q='))?.slice(2)
  return [name, weight === undefined ? 1 : Number(weight)]
}
