import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, type Writable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { Lead, LeadSource, Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { encode } from '../../lib/operators/encode.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { peek } from '../../lib/operators/peek.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { someLeads } from '../support/aLead.ts'
import { eventually } from '../support/eventually.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { leakedFiles, openFiles } from '../support/openFiles.ts'
import { processEvents } from '../support/processEvents.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'

const given = someLeads(300, 2)
const { origin, connections } = await serveLeads(t, given)
const dir = t.testdir()
const old = 'the older file\n'
const boom = new Error('boom')

const unhandled = processEvents(t, 'unhandledRejection', 'uncaughtException')

/** The NDJSON that each set of operators makes of the leads. */
const expected = new Map<string, string>()

type Stage = Operator<Lead, Lead>
const middles: Record<string, () => Stage> = {
  'no operator': () => peek(() => {}),
  'several operators': () =>
    compose(
      validate<Lead>(),
      filter(lead => lead.isCustomer !== undefined),
    ) as Stage,
  'asynchronous steps': () => map(async lead => lead),
  'a slow step': () =>
    map(async lead => {
      await turns(1)
      return lead
    }),
  "a user's stream": () => transform(() => new PassThrough({ objectMode: true })),
  'an early end': () =>
    compose(
      peek<Lead>(() => {}),
      take(120),
    ),
  'explodeEvents and a map back': () =>
    compose(
      explodeEvents<Lead>(),
      map(({ conversionEvent, ...lead }): Lead => ({ ...lead, leadConversionEvents: [conversionEvent] })),
    ),
}

const scenario = fc.record({
  middle: fc.constantFrom(...Object.keys(middles)),
  max: fc.constantFrom(10, 50, 100),
  decode: fc.constantFrom('express' as const, 'stream-json' as const),
  zipped: fc.boolean(),
  plainSink: fc.boolean(),
  how: fc.constantFrom('abort', 'source', 'sink', 'client', 'step', 'sink with an error', 'nothing'),
  moment: fc.nat(400),
})

t.test('run: destroyed at any moment, it leaves no socket, file, timer or rejection', async t => {
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = { files: openFiles(), timers: timers() }
  for (const [name, middle] of Object.entries(middles)) {
    const sink = toArray({ max: 1_000 })
    await run(given, middle(), sink)
    expected.set(name, sink.records.map(record => `${JSON.stringify(record)}\n`).join(''))
  }
  const outcomes = new Map<string, number>()

  const property = fc.asyncProperty(
    scenario,
    async ({ middle, max, decode, zipped, plainSink, how, moment }) => {
      const folder = mkdtempSync(join(dir, 'run-'))
      const name = zipped ? 'a.ndjson.gz' : 'a.ndjson'
      writeFileSync(join(folder, name), old)
      const client = new HubSpotClient({
        accessToken: 'a',
        origin,
        rateLimit: 'none',
        retry: { retries: 0 },
      })
      const controller = new AbortController()
      const source: LeadSource = leadsByOffset(client, { max, decode })
      let steps = 0
      const failing = peek<Lead>(() => {
        steps += 1
        if (how === 'step' && steps === moment) throw boom
      })
      const sink: Writable = plainSink ? new PassThrough().resume() : toFile(join(folder, name))
      const stages = [failing, middles[middle]?.() as Stage, ...(plainSink ? [encode()] : [])]
      const anyRun = run as (...stages: unknown[]) => Promise<{ records: number }>
      const running = anyRun(source, ...stages, sink, { signal: controller.signal, onProgress: () => {} })
      let ended = false
      const ending = running
        .then(
          report => ({ report }),
          (error: unknown) => ({ error }),
        )
        .finally(() => {
          ended = true
        })

      for (let turn = 0; turn < moment && !ended; turn += 1) await turns(1)
      if (how === 'abort') controller.abort(boom)
      if (how === 'source') source.destroy()
      if (how === 'sink') sink.destroy()
      if (how === 'sink with an error') sink.destroy(boom)
      if (how === 'client') await client.close()
      const outcome = await ending

      const failed = 'error' in outcome
      outcomes.set(failed ? how : 'done', (outcomes.get(failed ? how : 'done') ?? 0) + 1)
      if (failed && how === 'abort') assert.equal(outcome.error, boom)
      if (how === 'nothing') assert.ok(!failed, String((outcome as { error?: unknown }).error))
      assert.ok(source.closed && sink.destroyed, 'source and sink are closed')
      assert.deepEqual(readdirSync(folder), [name], 'no temporary file is left')
      const file = readFileSync(join(folder, name))
      const isOld = file.toString() === old
      const isNew = () => (zipped ? gunzipSync(file) : file).toString() === expected.get(middle)
      // An abort can arrive after the rename, while the directory is synced.
      assert.ok(plainSink ? isOld : failed ? isOld || isNew() : isNew(), 'the file is complete, or as before')

      await client.close()
      assert.equal(await eventually(connections, 0), 0, 'no connection is left open')
      rmSync(folder, { recursive: true })
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 60 }))
  t.ok(outcomes.size > 4, JSON.stringify([...outcomes]))
  t.equal(await leakedFiles(before.files), 0)
  t.equal(await eventually(timers, before.timers), before.timers)
  t.strictSame(unhandled, [])
})
