import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** The files that a file imports statically, directly or through others. */
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
  'leadpipe: the command line starts without loading the library and the portal, which a command loads',
  async t => {
    const loaded = ['main.ts', 'program.ts'].flatMap(file => [
      ...loadedWith(new URL(`../../lib/cli/${file}`, import.meta.url)),
    ])
    t.ok(loaded.some(path => path.endsWith('/cli/exportCommand.ts')))
    t.strictSame(
      loaded.filter(path => !/\/lib\/(cli\/|node\/oldNode\.ts$)/.test(path)),
      [],
    )
  },
)

t.test('leadpipe: importing the library does not load undici, which the first request loads', async t => {
  const loaded = [...loadedWith(new URL('../../lib/index.ts', import.meta.url))]
  t.ok(loaded.some(path => path.endsWith('/http/Connections.ts')))
  const loadsUndici = /^(?:import|export) (?!type )[^'"]*?from 'undici'/m
  t.strictSame(
    loaded.filter(path => loadsUndici.test(readFileSync(path, 'utf8'))),
    [],
  )
})
