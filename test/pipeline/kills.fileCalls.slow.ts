import { appendFileSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { loadCheckpoint } from '../../lib/checkpoint/CheckpointStore.ts'
import type { FileState } from '../../lib/sinks/file/fileState.ts'
import { aimedExports, titleOf, type Variant, variants } from '../support/aimedExports.ts'
import type { Aim, CallAim, SaveStep } from '../support/children/Aim.ts'
import { type Place, places } from '../support/KillableExport.ts'
import { partialOf } from '../support/partialOf.ts'

/*
 * Processes that die before or after a call to a file, or in the middle of a write.
 */

// The timeout suits a busy machine.
t.setTimeout(600_000)
const { exportTo, undisturbed, killAt, end } = await aimedExports(t)

const [first, between, prepared, renamed, committed] = places

const moments: [
  moment: string,
  call: CallAim['call'],
  file: string,
  nth: number,
  when: CallAim['when'],
  place: Place,
  since?: SaveStep,
][] = [
  ['before its file is created', 'open', 'OUTPUT.partial', 1, 'before', first],
  ['before the first flush', 'sync', 'OUTPUT.partial', 1, 'before', first],
  ['when the first save is half written', 'write', 'checkpoint.json.tmp', 1, 'half', first],
  ['before the first save is renamed', 'rename', 'checkpoint.json', 1, 'before', first],
  ['after the first save', 'rename', 'checkpoint.json', 1, 'after', between],
  ['in the middle of a write', 'write', 'OUTPUT.partial', 3, 'half', between],
  ['in the middle of a write to the quarantine', 'write', 'rejected.ndjson.partial', 3, 'half', between],
  ['between a write and its flush', 'sync', 'OUTPUT.partial', 4, 'before', between],
  ['between flush and save', 'open', 'checkpoint.json.tmp', 4, 'before', between],
  ['when a save is half written', 'write', 'checkpoint.json.tmp', 4, 'half', between],
  ['before a save is flushed', 'sync', 'checkpoint.json.tmp', 4, 'before', between],
  ['before a save is renamed', 'rename', 'checkpoint.json', 4, 'before', between],
  ['after a save', 'rename', 'checkpoint.json', 4, 'after', between],
  ['between prepare and its save', 'open', 'checkpoint.json.tmp', 1, 'before', between, 'prepared flushed'],
  [
    'when the save of prepare is half written',
    'write',
    'checkpoint.json.tmp',
    1,
    'half',
    between,
    'prepared flushed',
  ],
  ['between the save of prepare and the rename', 'rename', 'OUTPUT', 1, 'before', prepared],
  ['after the rename', 'rename', 'OUTPUT', 1, 'after', renamed],
  ['before the quarantine is renamed', 'rename', 'rejected.ndjson', 1, 'before', renamed],
  ['after the quarantine is renamed', 'rename', 'rejected.ndjson', 1, 'after', renamed],
  [
    'when the last save is half written',
    'write',
    'checkpoint.json.tmp',
    1,
    'half',
    renamed,
    'committed flushed',
  ],
  ['after the last save', 'rename', 'checkpoint.json', 1, 'after', committed, 'committed flushed'],
]
for (const [index, [moment, call, file, nth, when, place, since]] of moments.entries()) {
  const variant = variants[index % variants.length] as Variant
  t.test(`killed export: killed ${moment}, ${titleOf(variant)} has the same bytes`, async t => {
    const killed = exportTo(variant)
    const aim: Aim = { call, file: file.replace('OUTPUT', variant.name), nth, when, ...(since && { since }) }
    await killAt(t, killed, aim, place)
    await end(t, killed, variant)
  })
}

t.test('killed export: killed before and after it cuts off its file, it has the same bytes', async t => {
  const variant = { name: 'a.ndjson', transform: false }
  const { name } = variant
  const killed = exportTo(variant)
  const partial = `${name}.partial`
  await killAt(t, killed, { call: 'write', file: partial, nth: 3, when: 'half' }, between)
  await killAt(t, killed, { call: 'truncate', file: partial, nth: 1, when: 'before' }, between)
  await killAt(t, killed, { call: 'truncate', file: partial, nth: 1, when: 'after' }, between)
  await killAt(t, killed, { call: 'write', file: partial, nth: 2, when: 'after' }, between)
  await killAt(t, killed, { call: 'rename', file: `/${name}`, nth: 1, when: 'before' }, prepared)
  await killAt(t, killed, { call: 'rename', file: 'rejected.ndjson', nth: 1, when: 'before' }, renamed)
  await end(t, killed, variant)
})

// A power failure loses what was not flushed: the file has any bytes there then, or none.
for (const [left, spoil] of Object.entries<(path: string, from: number) => void>({
  missing: (path, from) => truncateSync(path, from),
  zeros(path, from) {
    const { size } = statSync(path)
    truncateSync(path, from)
    truncateSync(path, size)
  },
  'other bytes': (path, from) => {
    const { size } = statSync(path)
    truncateSync(path, from)
    appendFileSync(path, 'x'.repeat(size - from))
  },
})) {
  t.test(`killed export: with unflushed bytes ${left} after a power failure, it resumes`, async t => {
    const variant = { name: 'a.json', transform: false }
    const killed = exportTo(variant)
    const aim: Aim = { call: 'sync', file: `${variant.name}.partial`, nth: 4, when: 'before' }
    await killAt(t, killed, aim, between)
    const { state } = (await loadCheckpoint(killed.checkpoint)) ?? {}
    const files = Object.values(state?.sinks ?? {}) as FileState[]
    // The quarantine may be flushed completely.
    t.ok(
      files.some(({ temporary, bytes }) => statSync(temporary).size > bytes),
      'there are unflushed bytes',
    )
    for (const { temporary, bytes } of files) spoil(temporary, bytes)
    await end(t, killed, variant)
  })
}

for (const variant of variants.filter(({ name, transform }) => name !== 'a.json' && !transform)) {
  t.test(`killed export: ${titleOf(variant)} resumes after the disk was full twice`, async t => {
    const folder = `full ${variant.name}`
    const { size } = undisturbed(variant)
    for (const share of [0.5, 0.8]) {
      const blocks = Math.floor((share * size) / 1_024)
      const limited = exportTo(variant, ['bash', '-c', `ulimit -f ${blocks}; exec "$@"`, 'bash'], folder)
      const { code, stderr } = await limited.start()
      t.equal(code, 1)
      // Either file may reach the limit first.
      const files = [limited.output, join(dirname(limited.output), 'rejected.ndjson')]
      const full = files.find(file => stderr.includes(`can't write ${file}: the file would be larger`))
      t.ok(full, stderr)
      t.equal(await limited.place(), between)
      t.ok(statSync(partialOf(full as string)).size > 0.8 * 1_024 * blocks)
    }
    await end(t, exportTo(variant, [], folder), variant)
  })
}
