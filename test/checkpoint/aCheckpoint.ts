import type { Checkpoint } from '../../lib/checkpoint/Checkpoint.ts'

/** A checkpoint such as a run saves, told apart by how often it was saved. */
export const aCheckpoint = (saves = 1): Checkpoint => ({
  pipeline: {
    source: {
      source: 'leads',
      origin: 'http://127.0.0.1:1',
      paging: 'seek',
      query: { search: 'Grüße 😀 \ud83d' },
    },
    operators: [{ name: 'take', options: { count: 3 } }],
    sink: { sink: 'file', path: '/a/b.ndjson', format: 'ndjson', compression: 'none' },
  },
  phase: 'running',
  stand: {
    source: { position: { paging: 'seek', leads: 3, timePivot: 'insertedAt', pivot: 5, guid: 'a\u2028\n"' } },
    operators: [{ name: 'take', state: 3, counts: { in: 3, out: 3 } }],
    passed: [3, 3],
    sink: { path: '/a/b.ndjson', bytes: 100, records: 3, tail: 'ab' },
    quarantines: [],
  },
  starts: 2,
  saves,
})
