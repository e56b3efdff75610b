import t from 'tap'
import { aimedExports, titleOf, type Variant, variants } from '../support/aimedExports.ts'
import type { SaveStep } from '../support/children/Aim.ts'
import type { Place } from '../support/KillableExport.ts'

/*
 * Processes that die while a message of the channel `leadpipe:checkpoint` is published: after a flush, a save or
 * prepare, and between commit and the last save.
 */

// The timeout suits a busy machine.
t.setTimeout(600_000)
const { exportTo, killAt, end } = await aimedExports(t)

/** The messages in the order of a run; one export is killed at each in turn. */
const messages: [step: SaveStep, nth: number, place: Place][] = [
  ['running flushed', 2, 'between two saves'],
  ['running saved', 2, 'between two saves'],
  ['running flushed', 3, 'between two saves'],
  ['prepared flushed', 1, 'between two saves'],
  ['prepared saved', 1, 'prepared, not renamed'],
  ['committed flushed', 1, 'renamed, not committed'],
]
for (const variant of variants) {
  t.test(
    `killed export: ${titleOf(variant)}, killed after flush, save, prepare and commit, has the same bytes`,
    async t => {
      const killed = exportTo(variant)
      for (const [step, nth, place] of messages) await killAt(t, killed, { step, nth }, place)
      await end(t, killed, variant)
    },
  )
}

const once: [step: SaveStep, place: Place][] = [
  ['running flushed', 'before the first save'],
  ['running saved', 'between two saves'],
  ['prepared flushed', 'between two saves'],
  ['prepared saved', 'prepared, not renamed'],
  ['committed flushed', 'renamed, not committed'],
  ['committed saved', 'committed'],
]
for (const [index, [step, place]] of once.entries()) {
  const variant = variants[index % variants.length] as Variant
  t.test(`killed export: killed at the first "${step}", ${titleOf(variant)} has the same bytes`, async t => {
    const killed = exportTo(variant)
    await killAt(t, killed, { step, nth: 1 }, place)
    await end(t, killed, variant)
  })
}
