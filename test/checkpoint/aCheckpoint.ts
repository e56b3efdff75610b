import type { Checkpoint } from '../../lib/checkpoint/Checkpoint.ts'

/** A checkpoint as a run saves it. */
export const aCheckpoint = (saves = 1): Checkpoint => ({
  pipeline: {
    source: {
      source: 'leads',
      origin: 'http://127.0.0.1:1',
      paging: 'seek',
      query: { search: 'Grüße 😀 \ud83d' },
    },
    operators: [
      { name: 'validate', outputs: { quarantine: { sink: 'file', path: '/a/q.ndjson' } } },
      { name: 'take', options: { count: 3 } },
    ],
    sink: { sink: 'file', path: '/a/b.ndjson', format: 'ndjson', compression: 'none' },
  },
  phase: 'running',
  state: {
    source: { position: { paging: 'seek', leads: 3, timePivot: 'insertedAt', pivot: 5, guid: 'a\u2028\n"' } },
    chain: {
      operators: [
        {
          name: 'validate',
          counts: { in: 4, out: 3, unused: 0, rejected: 1, ended: false, own: { quarantined: 2 } },
        },
        { name: 'take', state: 3, counts: { in: 3, out: 3, unused: 0, rejected: 0, ended: true, own: {} } },
      ],
      records: 4,
      rejected: 1,
      passed: 3,
    },
    sinks: {
      sink: {
        path: '/a/b.ndjson',
        temporary: '/a/b.ndjson.01234567.partial',
        bytes: 9,
        records: 3,
        tail: '',
      },
      'operators/0/quarantine': { path: '/a/q.ndjson', bytes: 100, records: 2 },
    },
  },
  starts: 2,
  saves,
})
