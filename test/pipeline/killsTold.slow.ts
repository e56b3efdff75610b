import t from 'tap'
import { aimedExports, titleOf, type Variant, variants } from '../support/aimedExports.ts'
import type { SaveStep } from '../support/children/Aim.ts'
import type { Place } from '../support/KillableExport.ts'

/*
 * Processes that die within a word of the channel `leadpipe:checkpoint`: behind a flush, behind a save, behind prepare,
 * and between commit and the last word.
 */

// A machine that has more to do takes longer.
t.setTimeout(600_000)
const { exportTo, killAt, end } = await aimedExports(t)

/** In the order of a run: one export dies at each of them. */
const words: [step: SaveStep, nth: number, place: Place][] = [
  ['running flushed', 2, 'between two saves'],
  ['running saved', 2, 'between two saves'],
  ['running flushed', 3, 'between two saves'],
  ['prepared flushed', 1, 'between two saves'],
  ['prepared saved', 1, 'prepared, not renamed'],
  ['committed flushed', 1, 'renamed, not committed'],
]
for (const variant of variants) {
  t.test(
    `${titleOf(variant)}, killed behind flush, save, prepare and commit, comes out the same`,
    async t => {
      const killed = exportTo(variant)
      for (const [step, nth, place] of words) await killAt(t, killed, { step, nth }, place)
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
  t.test(`killed once, at the first "${step}": ${titleOf(variant)} comes out the same`, async t => {
    const killed = exportTo(variant)
    await killAt(t, killed, { step, nth: 1 }, place)
    await end(t, killed, variant)
  })
}
