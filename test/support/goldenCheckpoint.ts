import { createHash } from 'node:crypto'
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const version1 = fileURLToPath(new URL('../fixtures/checkpoints/version1', import.meta.url))

/** The folders of test/fixtures/checkpoints/version1; the README beside them says what each holds. */
export type GoldenName = 'running' | 'complete' | 'finished' | 'finished-plain' | 'finished-http'

/** What the addresses of a golden checkpoint are replaced by. */
export interface GoldenAddresses {
  /** Where the leads came from. */
  origin: string
  /** The origin of the HTTP receiver; only for `finished-http`. */
  receiver?: string
}

/**
 * Makes `t.testdir()` a golden folder: `checkpoint.json` and the outputs, as the first edition left them. In the
 * checkpoint, the placeholders are replaced, and the digest is that of what it holds then.
 *
 * @returns the path of the folder
 */
export function goldenCheckpoint(
  t: Pick<Test, 'testdir'>,
  name: GoldenName,
  { origin, receiver = '' }: GoldenAddresses,
): string {
  // A checkpoint tells where a file is when every link is followed.
  const dir = realpathSync(t.testdir())
  cpSync(join(version1, name), dir, { recursive: true })
  const path = join(dir, 'checkpoint.json')
  const [head = '', stored = ''] = readFileSync(path, 'utf8').split('\n')
  const body = stored
    .replaceAll('{{DIR}}', inJson(dir))
    .replaceAll('{{ORIGIN}}', inJson(origin))
    .replaceAll('{{RECEIVER}}', inJson(receiver))
  const digest = createHash('sha256').update(body).digest('hex')
  writeFileSync(path, `${head.replace('{{DIGEST}}', digest)}\n${body}\n`)
  return dir
}

/** A text as it stands within one of JSON; a function, so that `$` in it means nothing. */
const inJson = (text: string) => () => JSON.stringify(text).slice(1, -1)
