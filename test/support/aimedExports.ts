import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Report } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import type { Aim } from './children/Aim.ts'
import { compileChild } from './compileChild.ts'
import { KillableExport, type Place, steadyNumbers } from './KillableExport.ts'
import { killableLeads } from './killableLeads.ts'
import { partialsOf } from './partialOf.ts'

/** What is exported: an operator with state and a quarantine are in all of them. */
export interface Variant {
  name: string
  /** Whether a Transform of the user's is in the middle. */
  transform: boolean
}

/** How an export comes out whose process nobody kills. */
interface Undisturbed {
  output: string
  quarantine: string
  report: Report
  /** Bytes of the file. */
  size: number
}

export const variants: readonly Variant[] = ['a.ndjson', 'a.json', 'a.json.gz'].flatMap(name => [
  { name, transform: false },
  { name, transform: true },
])

/** What a variant is called in titles. */
export const titleOf = ({ name, transform }: Variant) => (transform ? `${name} behind a Transform` : name)

/** Makes what tests need that kill exports at certain moments, and compare what becomes of them. */
export async function aimedExports(t: Test) {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const portal = await createPortal({ leads: killableLeads(600) })
  t.teardown(() => portal.close())
  const { origin, accessToken } = portal

  let exports = 0
  /** An export that nobody has started. @param folder to go on with one that was */
  const exportTo = (variant: Variant, command?: readonly string[], folder = String(++exports)) => {
    const job = { origin, accessToken, dir: join(dir, folder), every: 100, ...variant }
    return new KillableExport(script, job, command)
  }

  const undisturbed = new Map<string, Undisturbed>()
  for (const variant of variants) {
    const whole = exportTo(variant)
    const { report, stderr } = await whole.start()
    if (report === undefined) throw new Error(stderr)
    undisturbed.set(titleOf(variant), { ...whole.contents(), report, size: statSync(whole.output).size })
  }

  return {
    exportTo,

    undisturbed: (variant: Variant) => undisturbed.get(titleOf(variant)) as Undisturbed,

    /** Starts a process that dies at a moment, and looks at what it leaves. */
    async killAt(t: Test, killed: KillableExport, aim: Aim, place: Place): Promise<void> {
      const { signal, stderr } = await killed.start(undefined, aim)
      const what = Object.values(aim).join(' ')
      if (signal === null) throw new Error(`it came to its end instead of ${what}: ${stderr}`)
      t.equal(signal, 'SIGKILL')
      t.equal(await killed.place(), place, what)
    },

    /** Starts a process that nobody kills, and compares what came out. */
    async end(t: Test, killed: KillableExport, variant: Variant): Promise<void> {
      const { report, stderr } = await killed.start()
      if (report === undefined) throw new Error(stderr)
      const expected = undisturbed.get(titleOf(variant)) as Undisturbed
      const { output, quarantine } = killed.contents()
      t.ok(output === expected.output, 'the output is the same')
      t.ok(quarantine === expected.quarantine, 'and the quarantine')
      t.strictSame(steadyNumbers(report), steadyNumbers(expected.report), 'and the numbers')
      for (const path of [killed.output, killed.quarantine]) t.strictSame(partialsOf(path), [])
    },
  }
}
