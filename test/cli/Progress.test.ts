import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import t, { type Test } from 'tap'
import { Progress } from '../../lib/cli/Progress.ts'
import { runAndReport } from '../../lib/cli/runAndReport.ts'
import type { Report } from '../../lib/index.ts'

const source = { delivered: 1_000, pages: 10, bytes: 4_530_000 }
const reportAt = (duration: number): Report => ({
  ...{ read: 1_000, records: 990, skipped: 0, quarantined: 0, operators: [], sink: { received: 990 } },
  ...{ source, duration },
})
const numbers = '1,000 leads, 10 pages, 4.5 MB, '
const clear = '\r\x1b[2K'
const minute = 60_000

/** A stream, and the text that was written to it. */
function output(terminal: { isTTY?: true; columns?: number } = {}) {
  const stream = Object.assign(new PassThrough(), terminal)
  return { stream, written: (): string => String(stream.read() ?? '') }
}

t.test('Progress: a terminal has one line, which is overwritten', async t => {
  const { stream, written } = output({ isTTY: true })
  const progress = new Progress(stream, true, ['lead'])
  progress.show(reportAt(500))
  t.equal(written(), `${clear}${numbers}0.5 s`)
  progress.note('a note')
  t.equal(written(), `${clear}leadpipe: a note\n`)
  progress.show(reportAt(750))
  progress.clear()
  t.equal(written(), `${clear}${numbers}0.8 s${clear}`)
})

t.test('Progress: the line is shorter than the terminal is wide', async t => {
  const { stream, written } = output({ isTTY: true, columns: 20 })
  new Progress(stream, true, ['lead']).show(reportAt(500))
  t.equal(written(), `${clear}${numbers.slice(0, 19)}`)
})

t.test('Progress: any other stream has a line every ten seconds, without control characters', async t => {
  const { stream, written } = output()
  const progress = new Progress(stream, true, ['lead'])
  for (const duration of [250, 9_999, 10_000, 10_250, 19_999, 20_200, 30_199])
    progress.show(reportAt(duration))
  progress.clear()
  t.equal(written(), `leadpipe: ${numbers}10.0 s\nleadpipe: ${numbers}20.2 s\n`)
})

t.test(
  'Progress: without lines, such a stream has notes only; without a stream, there is nothing',
  async t => {
    const { stream, written } = output()
    const progress = new Progress(stream, false, ['lead'])
    progress.show(reportAt(minute))
    progress.note('a note')
    t.equal(written(), 'leadpipe: a note\n')
    const none = new Progress(undefined, true, ['lead'])
    t.doesNotThrow(() => none.show(reportAt(minute)))
  },
)

t.test('Progress: it says what the run waits for, and how long; not for less than a second', async t => {
  const { stream, written } = output({ isTTY: true })
  const progress = new Progress(stream, true, ['lead'])
  progress.waits(999, 'nothing')
  progress.show(reportAt(500))
  t.equal(written(), `${clear}${numbers}0.5 s`)
  progress.waits(10 * minute, 'the next attempt')
  progress.waits(2 * minute, 'the rate limit')
  progress.show(reportAt(500))
  t.match(written(), /0\.5 s; waiting (10 min 0|9 min 5\d) s for the next attempt$/)
})

/** Runs a command that publishes a message while it works, then reports progress, on a terminal. */
async function shownAfter(t: Test, name: string, message: object) {
  const terminal = output({ isTTY: true, columns: 200 })
  const host = Object.assign(new EventEmitter(), {
    stdout: output().stream,
    stderr: terminal.stream,
    env: {},
  })
  const flags = { onInvalid: 'fail' } as const
  const code = await runAndReport(
    { destination: 'a.ndjson', flags, host, noun: ['lead'] },
    async ({ onProgress }) => {
      channel(name).publish(message)
      onProgress(reportAt(500))
      return reportAt(500)
    },
  )
  t.equal(code, 0)
  t.notOk(channel(name).hasSubscribers)
  return terminal.written()
}

t.test(
  'leadpipe: the progress names the rate limit that is waited for, and a wait after a failure',
  async t => {
    const origin = 'http://127.0.0.1:8080'
    const delay = 10 * minute
    const own = await shownAfter(t, 'leadpipe:limit', { origin, limit: 'rateLimit', delay })
    t.match(own, /; waiting \d+ min \d+ s for the rate limit \(--rate\)/)
    const server = await shownAfter(t, 'leadpipe:limit', { origin, limit: 'server', delay })
    t.match(server, `s for the rate limit of ${origin}`)
    const retry = { method: 'GET', url: origin, attempt: 1, delay, reason: 'it answered 503' }
    const failed = await shownAfter(t, 'leadpipe:retry', retry)
    t.match(failed, 'leadpipe: it answered 503; next attempt in 10 min 0 s\n')
    t.match(failed, 's for the next attempt')
  },
)
