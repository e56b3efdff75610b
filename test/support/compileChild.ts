import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { plainNode } from './plainNode.ts'
import { root } from './root.ts'

const source = join(root, 'test/support/children')
const options = '--ignoreConfig --noCheck --target es2023 --module nodenext --rewriteRelativeImportExtensions'

/**
 * Compiles a file of `test/support/children` and its imports from that folder, for processes that are started many times
 * or whose memory is measured: they use the built package, without a loader.
 *
 * @param dir a folder inside the project, where the package can import itself by name
 * @returns the path of the script
 */
export async function compileChild(name: string, dir: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const places = ['--rootDir', source, '--outDir', dir, join(source, `${name}.ts`)]
  const [command, ...node] = plainNode
  await promisify(execFile)(command, [...node, compiler, ...options.split(' '), ...places])
  return join(dir, `${name}.js`)
}
