import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/*
 * Prints how much of lib/ was reached by the processes that wrote their coverage into the given folder, in percent, a
 * line for each folder of lib/.
 */

const [given = ''] = process.argv.slice(2)
const folder = '.tap/coverage'
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

/** The text of a file as JSON; undefined if its process was killed while it wrote. */
function parsed(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

// The report has all files in memory at once, so they keep only what is about lib/.
const isOfLib = url => url.includes('/.test/lib/')
for (const name of readdirSync(given)) {
  const { result = [], 'source-map-cache': maps = {} } = parsed(`${given}/${name}`) ?? {}
  const ofLib = {
    result: result.filter(({ url }) => isOfLib(url)),
    'source-map-cache': Object.fromEntries(Object.entries(maps).filter(([url]) => isOfLib(url))),
  }
  if (ofLib.result.length > 0) writeFileSync(`${folder}/${name}`, JSON.stringify(ofLib))
}

const report = execFileSync('npx', ['tap', 'report', '--coverage-report=text'], { encoding: 'utf8' })
for (const line of report.split('\n')) {
  const [name = '', ...numbers] = line.split('|').slice(0, 5)
  if (/^(File|All files| lib\b)/.test(name)) console.log([name, ...numbers].join('|'))
}
