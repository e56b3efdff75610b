import { createHash } from 'node:crypto'
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { root } from './root.ts'

const version1 = `${root}test/fixtures/checkpoints/version1`

/** The folders of test/fixtures/checkpoints/version1; see the README there. */
export type GoldenName = 'running' | 'complete' | 'finished' | 'finished-plain' | 'finished-http'

/** The values for the placeholders of a golden checkpoint. */
export interface GoldenAddresses {
  /** The origin of the leads. */
  origin: string
  /** The origin of the HTTP receiver; only for `finished-http`. */
  receiver?: string
}

/**
 * Fills `t.testdir()` with a golden folder: `checkpoint.json` and the outputs, as the first edition wrote them. The
 * placeholders of the checkpoint are replaced, and its digest is updated.
 *
 * @returns the path of the folder
 */
export function goldenCheckpoint(
  t: Pick<Test, 'testdir'>,
  name: GoldenName,
  { origin, receiver = '' }: GoldenAddresses,
): string {
  // A checkpoint has the real path of a file, with every link followed.
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

/** A text escaped for a JSON string; a function, so that `$` has no special meaning in replaceAll. */
const inJson = (text: string) => () => JSON.stringify(text).slice(1, -1)
