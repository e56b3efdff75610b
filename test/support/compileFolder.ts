import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { plainNode } from './plainNode.ts'
import { root } from './root.ts'

const compiler = `${root}node_modules/typescript/bin/tsc`

/**
 * Compiles the files of a folder as a strict project of a user would. The folder must be inside of this project, so that
 * the package resolves by its name to the published types.
 *
 * @param options more options of the compiler
 */
export async function compileFolder(
  folder: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ printed: string; code: number | null }> {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    moduleDetection: 'force',
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    ...options,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  const [command, ...node] = plainNode
  const child = spawn(command, [...node, compiler, '-p', folder, '--pretty', 'false'], { cwd: folder })
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  return { printed, code }
}
