import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Report } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import type { Aim } from './children/Aim.ts'
import { compileChild } from './compileChild.ts'
import { countsOf } from './countsOf.ts'
import { KillableExport, type Place } from './KillableExport.ts'
import { killableLeads } from './killableLeads.ts'
import { partialsOf } from './partialOf.ts'

/** An export with an operator with state and a quarantine. */
export interface Variant {
  name: string
  /** Whether a user's Transform, and a map() with several calls at a time, are among the operators. */
  transform: boolean
}

/** The result of an export whose process is not killed. */
interface Undisturbed {
  output: string
  quarantine: string
  report: Report
  /** The size of the output in bytes. */
  size: number
}

/** All exports: each file format, with and without a Transform. */
export const variants: readonly Variant[] = ['a.ndjson', 'a.json', 'a.json.gz'].flatMap(name => [
  { name, transform: false },
  { name, transform: true },
])

/** The name of a variant in titles. */
export const titleOf = ({ name, transform }: Variant) =>
  transform ? `${name} after a Transform and calls of map()` : name

/** Helpers for tests that kill exports at certain moments and compare the results. */
export async function aimedExports(t: Test) {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const portal = await createPortal({ leads: killableLeads(600) })
  t.teardown(() => portal.close())
  const { origin, accessToken } = portal

  let exports = 0
  /** A new export. @param folder of an earlier export, to resume it */
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

    /** Starts a process that is killed at a moment, and checks the files that it left. */
    async killAt(t: Test, killed: KillableExport, aim: Aim, place: Place): Promise<void> {
      const { signal, stderr } = await killed.start(undefined, aim)
      const what = Object.values(aim).join(' ')
      if (signal === null)
        throw new Error(`the process finished instead of being killed at ${what}: ${stderr}`)
      t.equal(signal, 'SIGKILL')
      t.equal(await killed.place(), place, what)
    },

    /** Starts a process that is not killed, and compares its results with the undisturbed ones. */
    async end(t: Test, killed: KillableExport, variant: Variant): Promise<void> {
      const { report, stderr } = await killed.start()
      if (report === undefined) throw new Error(stderr)
      const expected = undisturbed.get(titleOf(variant)) as Undisturbed
      const { output, quarantine } = killed.contents()
      t.ok(output === expected.output, 'the output is the same as undisturbed')
      t.ok(quarantine === expected.quarantine, 'the quarantine is the same as undisturbed')
      t.strictSame(countsOf(report), countsOf(expected.report), 'the counts are the same as undisturbed')
      for (const path of [killed.output, killed.quarantine]) t.strictSame(partialsOf(path), [])
    },
  }
}
