import t from 'tap'
import { checkpointSettings } from '../../lib/checkpoint/options.ts'
import { LeadpipeError } from '../../lib/errors.ts'
import { runOptions } from '../../lib/run/options.ts'

t.test('a path is enough; what is left out has a default', async t => {
  const defaults = {
    path: 'a.json',
    every: { leads: 1_000, bytes: 5_000_000, milliseconds: 5_000 },
    whenFinished: 'stop',
    overlap: 600_000,
    version: undefined,
  }
  t.strictSame(checkpointSettings('a.json'), defaults)
  t.strictSame(checkpointSettings({ path: 'a.json' }), defaults)
  t.strictSame(checkpointSettings({ path: 'a.json', every: { leads: 1 }, whenFinished: undefined }), {
    ...defaults,
    every: { ...defaults.every, leads: 1 },
  })
  t.strictSame(checkpointSettings({ path: 'a.json', overlap: 0, version: '2', whenFinished: 'next' }), {
    ...defaults,
    overlap: 0,
    version: '2',
    whenFinished: 'next',
  })
})

t.test('what is right is taken', async t => {
  for (const checkpoint of [
    'a.json',
    { path: 'a.json' },
    { path: 'a.json', every: {} },
    { path: 'a.json', every: { leads: 1, bytes: 1, milliseconds: 10 } },
    { path: 'a.json', whenFinished: 'next', overlap: 0, version: '1' },
  ] as const) {
    t.strictSame(runOptions({ checkpoint }), { checkpoint })
  }
})

const wrong: unknown[] = [
  '',
  1,
  true,
  [],
  {},
  { path: '' },
  { path: 1 },
  { path: 'a', every: 100 },
  { path: 'a', every: { leads: 0 } },
  { path: 'a', every: { leads: 1.5 } },
  { path: 'a', every: { bytes: 0 } },
  { path: 'a', every: { milliseconds: 9 } },
  { path: 'a', every: { seconds: 1 } },
  { path: 'a', whenFinished: 'again' },
  { path: 'a', overlap: -1 },
  { path: 'a', overlap: 0.5 },
  { path: 'a', version: 1 },
  { path: 'a', version: '' },
  { path: 'a', interval: 1 },
]
for (const checkpoint of wrong) {
  t.test(`${JSON.stringify(checkpoint)} is refused by name`, async t => {
    t.throws(() => runOptions({ checkpoint } as never), {
      constructor: LeadpipeError,
      code: 'OPTION',
      message: /^run\(\) options: checkpoint: expected the path of a file, or \{ path, every/,
    })
  })
}
