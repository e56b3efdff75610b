import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Whether a file is a temporary file of `name`: its suffix has the key of a checkpoint or a random key. */
const isPartial = (file: string, name: string) =>
  file.startsWith(`${name}.`) && /^\.[0-9a-f]{8}\.partial$/.test(file.slice(name.length))

/** The temporary files of an output, by their paths: `NAME.<8 hexadecimal digits>.partial` beside it. */
export function partialsOf(path: string): string[] {
  const [folder, name] = [dirname(path), basename(path)]
  return readdirSync(folder)
    .filter(file => isPartial(file, name))
    .map(file => join(folder, file))
}

/**
 * The one temporary file of an output.
 *
 * @throws {Error} if there is none, or more than one
 */
export function partialOf(path: string): string {
  const [only, ...others] = partialsOf(path)
  if (only !== undefined && others.length === 0) return only
  const found = only === undefined ? 'none' : [only, ...others].join(', ')
  throw new Error(`expected one temporary file of ${path}, found ${found}`)
}
