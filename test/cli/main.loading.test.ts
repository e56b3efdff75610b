import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** The files that are loaded with a file, before any code of theirs runs: what it imports, and what that imports. */
function loadedWith(url: URL, found = new Set<string>()): Set<string> {
  const path = fileURLToPath(url)
  if (found.has(path)) return found
  found.add(path)
  const text = readFileSync(path, 'utf8')
  for (const [, specifier] of text.matchAll(/^(?:import|export) (?!type )[^'"]*?from '(\.[^']+)'/gm))
    loadedWith(new URL(specifier as string, url), found)
  return found
}

t.test(
  'the command line starts without the library and the portal: a command loads what it needs',
  async t => {
    const loaded = [...loadedWith(new URL('../../lib/cli/main.ts', import.meta.url))]
    t.ok(loaded.some(path => path.endsWith('/cli/exportCommand.ts')))
    t.strictSame(
      loaded.filter(path => !path.includes('/lib/cli/')),
      [],
    )
  },
)
