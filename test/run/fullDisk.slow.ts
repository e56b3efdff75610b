import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import t from 'tap'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'
import { partialsOf } from '../support/partialOf.ts'
import { plainNode } from '../support/plainNode.ts'
import { Workplace } from '../support/Workplace.ts'

/*
 * A file that can't grow, at any of the writes of a run: a process whose files have a limit fails with EFBIG like one
 * whose disk is full, and as often as it is started.
 */

const portal = await createPortal({
  leads: [...generateLeads({ count: 300, seed: 1 })].map((lead, n) =>
    n % 3 === 1 ? { ...lead, score: 'high' } : lead,
  ),
})
t.teardown(() => portal.close())

/** Exports in a process whose files have at most so many blocks; resolves to its exit code and what it printed. */
async function exportWith(blocks: number | 'unlimited', work: Workplace, name: string, checkpoint: boolean) {
  const script = 'ulimit -f "$1"; shift; exec "$@"'
  const { origin, accessToken } = portal
  const args = [
    ...['dist/cli/main.js', 'export', work.file(name), '--origin', origin, '--access-token', accessToken],
    ...['--on-invalid', 'quarantine', '--quarantine', work.file('rejected.ndjson'), '--quiet'],
    ...(checkpoint ? ['--checkpoint', work.checkpoint] : []),
  ]
  return await promisify(execFile)('sh', ['-c', script, 'sh', String(blocks), ...plainNode, ...args]).then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }) => ({ code: code as number, stderr: stderr as string }),
  )
}

const digest = (work: Workplace, name: string) =>
  createHash('sha256').update(work.contents(name)).digest('hex')

const rejectedOf = (work: Workplace) => work.lines<{ raw: string }>('rejected.ndjson').map(({ raw }) => raw)

for (const name of ['out.ndjson', 'out.json.gz']) {
  for (const checkpoint of [true, false]) {
    t.test(
      `full disk: ${name}, ${checkpoint ? 'with' : 'without'} a checkpoint: nothing is left, nothing lost`,
      async t => {
        const whole = new Workplace(t)
        t.match(await exportWith('unlimited', whole, name, checkpoint), { code: 0, stderr: '' })
        const work = new Workplace(t)
        for (const blocks of [0, 16, 128]) {
          const { code, stderr } = await exportWith(blocks, work, name, checkpoint)
          t.equal(code, 1, `${blocks} blocks`)
          t.match(stderr, /^leadpipe: .*(EFBIG|too large|larger than).*\n$/)
          const own = [
            'checkpoint.json',
            ...['out.ndjson', 'out.json.gz', 'rejected.ndjson'].flatMap(one =>
              partialsOf(work.file(one)).map(path => path.slice(work.path.length + 1)),
            ),
          ]
          t.strictSame(
            work.names.filter(one => !own.includes(one) || !checkpoint),
            [],
            `${blocks} blocks`,
          )
        }
        t.match(await exportWith('unlimited', work, name, checkpoint), { code: 0, stderr: '' })
        t.equal(digest(work, name), digest(whole, name))
        t.strictSame(rejectedOf(work), rejectedOf(whole))
        t.ok(rejectedOf(whole).length > 50)
        t.strictSame(rejectedOf(work), rejectedOf(whole))
        t.ok(rejectedOf(whole).length > 50)
        t.strictSame(work.names, whole.names)
      },
    )
  }
}
