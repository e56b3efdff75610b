import t from 'tap'
import { checkpointSettings } from '../../lib/checkpoint/options.ts'
import { LeadpipeError } from '../../lib/errors.ts'
import { runOptions } from '../../lib/run/options.ts'

t.test('checkpoint option: a path is enough, and the rest has defaults', async t => {
  const defaults = {
    path: 'a.json',
    every: { leads: 1_000, bytes: 5_000_000, milliseconds: 5_000 },
    whenFinished: undefined,
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

t.test('checkpoint option: valid values are accepted', async t => {
  for (const checkpoint of [
    'a.json',
    { path: 'a.json' },
    { path: 'a.json', every: {} },
    { path: 'a.json', every: { leads: 1, bytes: 1, milliseconds: 10 } },
    { path: 'a.json', whenFinished: 'stop' },
    { path: 'a.json', whenFinished: 'restart' },
    { path: 'a.json', whenFinished: 'next', overlap: 0, version: '1' },
  ] as const) {
    t.strictSame(runOptions({ checkpoint }).checkpoint, checkpoint)
  }
})

const whole =
  /^checkpoint: expected the path of a file, the same at each start, or \{ path, every, whenFinished, overlap, version \}, /
const wrong: [checkpoint: unknown, says: RegExp | string][] = [
  ['', whole],
  [1, whole],
  [true, whole],
  [[], whole],
  [{}, 'checkpoint.path: expected the path of a file, the same at each start, received undefined'],
  [{ path: '' }, "checkpoint.path: expected the path of a file, the same at each start, received ''"],
  [{ path: 1 }, 'checkpoint.path: expected the path of a file, the same at each start, received 1'],
  ['s3://bucket/a.json', whole],
  ['{date}.json', whole],
  ['exports/{time}/a.json', whole],
  [{ path: 'a', every: 100 }, 'checkpoint.every: expected { leads, bytes, milliseconds }, received 100'],
  [{ path: 'a', every: { leads: 0 } }, 'checkpoint.every.leads: expected an integer, 1 or more, received 0'],
  [
    { path: 'a', every: { leads: 1.5 } },
    'checkpoint.every.leads: expected an integer, 1 or more, received 1.5',
  ],
  [{ path: 'a', every: { bytes: 0 } }, 'checkpoint.every.bytes: expected an integer, 1 or more, received 0'],
  [
    { path: 'a', every: { milliseconds: 9 } },
    'checkpoint.every.milliseconds: expected an integer, 10 or more, received 9',
  ],
  [
    { path: 'a', every: { seconds: 1 } },
    'unknown option "checkpoint.every.seconds"; expected one of leads, bytes, milliseconds',
  ],
  [
    { path: 'a', whenFinished: 'again' },
    'checkpoint.whenFinished: expected "stop", "restart" or "next", received \'again\'',
  ],
  [
    { path: 'a', overlap: -1 },
    'checkpoint.overlap: expected an integer, 0 or more (milliseconds), received -1',
  ],
  [
    { path: 'a', overlap: 0.5 },
    'checkpoint.overlap: expected an integer, 0 or more (milliseconds), received 0.5',
  ],
  [{ path: 'a', version: 1 }, 'checkpoint.version: expected a string that is not empty, received 1'],
  [{ path: 'a', version: '' }, "checkpoint.version: expected a string that is not empty, received ''"],
  [
    { path: 'a', interval: 1 },
    'unknown option "checkpoint.interval"; expected one of path, every, whenFinished, overlap, version',
  ],
]
for (const [checkpoint, says] of wrong) {
  t.test(`checkpoint option: ${JSON.stringify(checkpoint)} is an OPTION error that names it`, async t => {
    const error = t.throws(() => runOptions({ checkpoint } as never), {
      constructor: LeadpipeError,
      code: 'OPTION',
    }) as LeadpipeError
    const message = error.message.replace(/^run\(\): /, '')
    if (typeof says === 'string') t.equal(message, says)
    else t.match(message, says)
  })
}
