import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { loadCheckpoint } from '../../lib/checkpoint/loadCheckpoint.ts'
import type { Report } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import type { FileState } from '../../lib/sinks/file/fileState.ts'
import type { Aim } from '../support/children/Aim.ts'
import { compileChild } from '../support/compileChild.ts'
import { KillableExport, type Place, steadyNumbers } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'

interface Undisturbed {
  output: string
  quarantine: string
  report: Report
}

// A machine that has more to do takes longer.
t.setTimeout(300_000)
const dir = t.testdir()
const script = await compileChild('exportKilled', join(dir, 'compiled'))
const portal = await createPortal({ leads: killableLeads(600) })
t.teardown(() => portal.close())
const names = ['a.ndjson', 'a.json', 'a.json.gz']

let exports = 0
function exportTo(name: string, command?: readonly string[], folder = String(++exports)): KillableExport {
  const { origin, accessToken } = portal
  return new KillableExport(
    script,
    { origin, accessToken, dir: join(dir, folder), name, every: 100 },
    command,
  )
}

const undisturbed = new Map<string, Undisturbed>()
for (const name of names) {
  const whole = exportTo(name)
  const { report, stderr } = await whole.start()
  if (report === undefined) throw new Error(stderr)
  undisturbed.set(name, { ...whole.contents(), report })
}
/** The save of a run that is over is its last, and the one before says that it is complete. */
const saves = undisturbed.get('a.json')?.report.checkpoint?.saves ?? 0

/** Goes on with an export until its end, and compares what came out. */
async function end(t: Test, killed: KillableExport, name: string): Promise<void> {
  const { report, stderr } = await killed.start()
  if (report === undefined) throw new Error(stderr)
  const expected = undisturbed.get(name) as Undisturbed
  const { output, quarantine } = killed.contents()
  t.ok(output === expected.output, 'the output is the same')
  t.ok(quarantine === expected.quarantine, 'and the quarantine')
  t.strictSame(steadyNumbers(report), steadyNumbers(expected.report), 'and the numbers')
  for (const path of [killed.output, killed.quarantine]) t.notOk(existsSync(`${path}.partial`))
}

async function killAt(t: Test, killed: KillableExport, aim: Aim, place: Place): Promise<void> {
  const { signal, stderr } = await killed.start(undefined, aim)
  if (signal === null) throw new Error(`it came to its end: ${stderr}`)
  t.equal(signal, 'SIGKILL')
  t.equal(await killed.place(), place)
}

const [first, between, complete, renamed, finished] = [
  'before the first save',
  'between two saves',
  'complete, not renamed',
  'renamed, not finished',
  'finished',
] as const

const moments: [
  moment: string,
  call: Aim['call'],
  file: string,
  nth: number,
  when: Aim['when'],
  place: Place,
][] = [
  ['before there is a file', 'open', 'OUTPUT.partial', 1, 'before', first],
  ['before the first flush', 'sync', 'OUTPUT.partial', 1, 'before', first],
  ['when the first save is half written', 'write', 'checkpoint.json.tmp', 1, 'half', first],
  ['before the first save has its name', 'rename', 'checkpoint.json', 1, 'before', first],
  ['behind the first save', 'rename', 'checkpoint.json', 1, 'after', between],
  ['in the middle of a write', 'write', 'OUTPUT.partial', 3, 'half', between],
  ['in the middle of a write to the quarantine', 'write', 'rejected.ndjson.partial', 3, 'half', between],
  ['between a write and its flush', 'sync', 'OUTPUT.partial', 4, 'before', between],
  ['between flush and save', 'open', 'checkpoint.json.tmp', 4, 'before', between],
  ['when a save is half written', 'write', 'checkpoint.json.tmp', 4, 'half', between],
  ['before a save is flushed', 'sync', 'checkpoint.json.tmp', 4, 'before', between],
  ['before a save has its name', 'rename', 'checkpoint.json', 4, 'before', between],
  ['behind a save', 'rename', 'checkpoint.json', 4, 'after', between],
  [
    'when the end is written, and nothing says so',
    'open',
    'checkpoint.json.tmp',
    saves - 1,
    'before',
    between,
  ],
  [
    'when the word that it is complete is half written',
    'write',
    'checkpoint.json.tmp',
    saves - 1,
    'half',
    between,
  ],
  ['between the last save and the renaming', 'rename', 'OUTPUT', 1, 'before', complete],
  ['behind the renaming', 'rename', 'OUTPUT', 1, 'after', renamed],
  ['before the quarantine has its name', 'rename', 'rejected.ndjson', 1, 'before', renamed],
  ['when the quarantine has its name', 'rename', 'rejected.ndjson', 1, 'after', renamed],
  ['when the last word is half written', 'write', 'checkpoint.json.tmp', saves, 'half', renamed],
  ['behind the last word', 'rename', 'checkpoint.json', saves, 'after', finished],
]
for (const [index, [moment, call, file, nth, when, place]] of moments.entries()) {
  const name = names[index % names.length] as string
  t.test(`killed ${moment}: ${name} comes out the same`, async t => {
    const killed = exportTo(name)
    await killAt(t, killed, { call, file: file.replace('OUTPUT', name), nth, when }, place)
    await end(t, killed, name)
  })
}

t.test('killed in each of its processes, before and behind what it cuts off', async t => {
  const name = 'a.ndjson'
  const killed = exportTo(name)
  await killAt(t, killed, { call: 'write', file: `${name}.partial`, nth: 3, when: 'half' }, between)
  await killAt(t, killed, { call: 'truncate', file: `${name}.partial`, nth: 1, when: 'before' }, between)
  await killAt(t, killed, { call: 'truncate', file: `${name}.partial`, nth: 1, when: 'after' }, between)
  await killAt(t, killed, { call: 'write', file: `${name}.partial`, nth: 2, when: 'after' }, between)
  await killAt(t, killed, { call: 'rename', file: `/${name}`, nth: 1, when: 'before' }, complete)
  await killAt(t, killed, { call: 'rename', file: 'rejected.ndjson', nth: 1, when: 'before' }, renamed)
  await end(t, killed, name)
})

// A power failure takes what was not flushed: a file has any bytes there then, or none.
for (const [left, spoil] of Object.entries<(path: string, from: number) => void>({
  nothing: (path, from) => truncateSync(path, from),
  zeros(path, from) {
    const { size } = statSync(path)
    truncateSync(path, from)
    truncateSync(path, size)
  },
  'something else': (path, from) => {
    const { size } = statSync(path)
    truncateSync(path, from)
    appendFileSync(path, 'x'.repeat(size - from))
  },
})) {
  t.test(`what was written and not flushed is ${left} after a power failure`, async t => {
    const name = 'a.json'
    const killed = exportTo(name)
    await killAt(t, killed, { call: 'sync', file: `${name}.partial`, nth: 4, when: 'before' }, between)
    const { stand } = (await loadCheckpoint(killed.checkpoint)) ?? {}
    for (const { path, bytes } of [stand?.sink, ...(stand?.quarantines ?? [])] as FileState[]) {
      t.ok(statSync(`${path}.partial`).size > bytes, 'there is something to lose')
      spoil(`${path}.partial`, bytes)
    }
    await end(t, killed, name)
  })
}

for (const name of ['a.ndjson', 'a.json.gz']) {
  t.test(`${name}: a disk that is full twice, then has room again`, async t => {
    const folder = `full ${name}`
    const expected = readFileSync(join(dir, String(names.indexOf(name) + 1), name)).length
    for (const share of [0.5, 0.8]) {
      const blocks = Math.floor((share * expected) / 1_024)
      const limited = exportTo(name, ['bash', '-c', `ulimit -f ${blocks}; exec "$@"`, 'bash'], folder)
      const { code, stderr } = await limited.start()
      t.equal(code, 1)
      // Whichever comes to the limit first.
      const files = [limited.output, join(dirname(limited.output), 'rejected.ndjson')]
      const full = files.find(file => stderr.includes(`can't write ${file}: the file would be too large`))
      t.ok(full, stderr)
      t.equal(await limited.place(), between)
      t.ok(statSync(`${full}.partial`).size > 0.8 * 1_024 * blocks)
    }
    await end(t, exportTo(name, [], folder), name)
  })
}
