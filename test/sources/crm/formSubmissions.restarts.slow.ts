import t, { type Test } from 'tap'
import type { FormSubmissionsOptions } from '../../../lib/index.ts'
import { peek } from '../../../lib/operators/peek.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { formSubmissions } from '../../../lib/sources/crm/formSubmissions.ts'
import { failureOf } from '../../support/failureOf.ts'
import {
  formOf,
  formServer,
  minute,
  named,
  nameOf,
  namesOf,
  rowOf,
  type ServedForm,
  serverNow,
  upTo,
} from '../../support/formServer.ts'
import { instantClock } from '../../support/instantClock.ts'
import { jsonCopy } from '../../support/jsonCopy.ts'
import { openClient } from '../../support/openClient.ts'
import { runWithCheckpoint } from '../../support/runWithCheckpoint.ts'
import { Workplace } from '../../support/Workplace.ts'

const forbidden: [number, object] = [403, { message: 'This app lacks a scope' }]

t.test('formSubmissions: a body that breaks off is requested again', async t => {
  let request = 0
  const { origin, of } = await formServer(t, [formOf('a', upTo(200)), formOf('b', upTo(30))], {
    intercept({ pathname, searchParams }, response) {
      request += 1
      if (request % 2 === 0 || pathname === '/marketing/v3/forms') return false
      const id = pathname.split('/').at(-1) ?? ''
      const text = JSON.stringify(of(id).page(searchParams.get('after') ?? undefined, 50))
      response.writeHead(200, { 'content-length': text.length })
      response.write(text.slice(0, (request * 997) % text.length), () => response.destroy())
      of(id).insert([rowOf(id, -request)])
      return true
    },
  })
  const read = await formSubmissions(openClient(t, origin, {}, instantClock)).toArray()
  t.strictSame(namesOf(read), [...named('a', upTo(199, 6)), ...named('b', upTo(29, 6))])
})

/** Reads `count` submissions, then leaves the loop. */
async function readSome(t: Test, origin: string, count: number, options: FormSubmissionsOptions = {}) {
  const source = formSubmissions(openClient(t, origin), options)
  const read: string[] = []
  if (count > 0)
    for await (const submission of source) {
      read.push(nameOf(submission))
      if (read.length === count) break
    }
  return { read, position: jsonCopy(source.position) }
}

t.test('formSubmissions: a restart at every position continues, although others arrived', async t => {
  const ages = [6, 7, 7, 7, 8, 9, 10, 11, 11, 12, 13]
  const list = [
    formOf('a', upTo(9, 6)),
    formOf(
      'b',
      ages.map((age, n) => age + n / 10),
    ),
    formOf('c', upTo(4, 6)),
  ]
  const { origin, of } = await formServer(t, list, { pageSize: 4 })
  const all = (await readSome(t, origin, Number.POSITIVE_INFINITY)).read
  t.equal(all.length, 24)
  for (let count = 0; count <= all.length; count += 1) {
    const { read, position } = await readSome(t, origin, count)
    t.equal(position.records, count)
    of('b').insert([rowOf('b', -count)])
    const { length } = read
    const rest = await readSome(t, origin, Number.POSITIVE_INFINITY, {
      ...(length === 0 ? { until: serverNow - 5 * minute } : { from: position }),
    })
    t.strictSame([...read, ...rest.read], all, `after ${count}`)
  }
})

t.test('formSubmissions: a restart whose cursor is refused starts at the newest submission', async t => {
  const { origin } = await formServer(t, [formOf('a', upTo(30, 6)), formOf('b', upTo(3, 6))], {
    pageSize: 10,
    intercept({ searchParams }, response) {
      if (searchParams.get('after') !== 'old') return false
      response.writeHead(400).end('{"message":"the cursor is malformed"}')
      return true
    },
  })
  const { read, position } = await readSome(t, origin, 25)
  const from = { ...position, after: 'old' }
  const rest = await readSome(t, origin, Number.POSITIVE_INFINITY, { from })
  t.strictSame([...read, ...rest.read], [...named('a', upTo(30, 6)), ...named('b', upTo(3, 6))])
})

/** Exports to a file named by the time. */
function exportNext(
  t: Test,
  work: Workplace,
  origin: string,
  given: { signal?: AbortSignal; onRecord?: () => void; options?: FormSubmissionsOptions } = {},
) {
  const { signal, onRecord = () => {}, options } = given
  return runWithCheckpoint(work, {
    source: formSubmissions(openClient(t, origin), { lag: 0, ...options }),
    operators: peek(onRecord),
    sink: toFile(work.file('submissions-{time}.ndjson')),
    every: 10,
    checkpoint: { whenFinished: 'next', version: '1' },
    ...(signal === undefined ? {} : { signal }),
  })
}

t.test(
  "formSubmissions: run() with a checkpoint resumes, and 'next' reads what was submitted since",
  async t => {
    let now = serverNow
    const { origin, of, forms, targets } = await formServer(
      t,
      [formOf('a', upTo(130)), formOf('b', upTo(120)), formOf('secret', upTo(9), { refusal: forbidden })],
      {
        intercept(_, response) {
          const { writeHead } = response
          response.writeHead = (status: number) =>
            writeHead.call(response, status, { date: new Date(now).toUTCString() })
          return false
        },
      },
    )
    const work = new Workplace(t)
    const stop = new AbortController()
    let count = 0
    const onRecord = () => {
      count += 1
      if (count === 171) stop.abort(new Error('stopped'))
    }
    t.match(await failureOf(exportNext(t, work, origin, { signal: stop.signal, onRecord })), {
      message: 'stopped',
    })
    now += 60 * minute
    of('b').insert(upTo(80, -85).map(age => rowOf('b', age)))
    const first = await exportNext(t, work, origin)
    t.match(first, { read: 250, checkpoint: { starts: 2, found: 'running' }, forms: { until: serverNow } })
    const [file = ''] = work.names.filter(name => name.startsWith('submissions-'))
    t.strictSame(namesOf(work.lines(file)), [...named('a', upTo(130)), ...named('b', upTo(120))])

    now = serverNow + 20 * minute
    forms.push(formOf('new', upTo(3, -15)))
    const secret = forms.find(({ id }) => id === 'secret') as ServedForm
    delete secret.refusal
    targets.length = 0
    const second = await exportNext(t, work, origin, {})
    t.match(second, { forms: { since: serverNow - 10 * minute, until: now, refused: { count: 0 } } })
    const [, next = ''] = work.names.filter(name => name.startsWith('submissions-'))
    t.strictSame(namesOf(work.lines(next)), [
      ...named('a', upTo(6)),
      ...named(
        'b',
        [...upTo(14, -19), ...upTo(6)].filter(age => age < -5 || age >= 5),
      ),
      ...named('new', upTo(3, -15)),
      ...named('secret', upTo(9)),
    ])
    t.match(await failureOf(exportNext(t, work, origin, { options: { until: now } })), {
      code: 'OPTION',
      context: { option: 'until' },
    })
  },
)
