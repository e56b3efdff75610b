import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../support/root.ts'

/** The files that a file imports statically, directly or through others. */
function loadedWith(path: string, found = new Set<string>()): Set<string> {
  if (found.has(path)) return found
  found.add(path)
  const text = readFileSync(path, 'utf8')
  for (const [, specifier] of text.matchAll(/^(?:import|export) (?!type )[^'"]*?from '(\.[^']+)'/gm))
    loadedWith(join(path, '..', specifier as string), found)
  return found
}

t.test(
  'leadpipe: the command line starts without loading the library and the portal, which a command loads',
  async t => {
    const loaded = ['main.ts', 'program.ts'].flatMap(file => [...loadedWith(`${root}lib/cli/${file}`)])
    t.ok(loaded.some(path => path.endsWith('/cli/exportCommand.ts')))
    t.strictSame(
      loaded.filter(path => !/\/lib\/(cli\/|node\/oldNode\.ts$)/.test(path)),
      [],
    )
  },
)

t.test('leadpipe: importing the library does not load undici, which the first request loads', async t => {
  const loaded = [...loadedWith(`${root}lib/index.ts`)]
  t.ok(loaded.some(path => path.endsWith('/http/Connections.ts')))
  const loadsUndici = /^(?:import|export) (?!type )[^'"]*?from 'undici'/m
  t.strictSame(
    loaded.filter(path => loadsUndici.test(readFileSync(path, 'utf8'))),
    [],
  )
})
