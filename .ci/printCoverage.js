import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/*
 * Prints how much of lib/ the processes that wrote their coverage into the folder have reached, in percent, a line for
 * each folder of lib/.
 */

const folder = '.tap/coverage'

// The report has all files in memory at once, so they keep only what is about lib/. A process that was killed while it
// wrote has left the beginning of a file.
const isOfLib = url => url.includes('/.test/lib/')
for (const name of readdirSync(folder)) {
  const path = `${folder}/${name}`
  try {
    const { result, 'source-map-cache': maps = {} } = JSON.parse(readFileSync(path, 'utf8'))
    const ofLib = {
      result: result.filter(({ url }) => isOfLib(url)),
      'source-map-cache': Object.fromEntries(Object.entries(maps).filter(([url]) => isOfLib(url))),
    }
    writeFileSync(path, JSON.stringify(ofLib))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    rmSync(path)
  }
}

const report = execFileSync('npx', ['tap', 'report', '--coverage-report=text'], { encoding: 'utf8' })
for (const line of report.split('\n')) {
  const [name = '', ...numbers] = line.split('|').slice(0, 5)
  if (/^(File|All files| lib\b)/.test(name)) console.log([name, ...numbers].join('|'))
}
