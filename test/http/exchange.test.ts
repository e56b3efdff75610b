import t from 'tap'
import { serverTime } from '../../lib/http/exchange.ts'

const now = Date.UTC(2026, 9, 21, 7, 28, 0)
const [minute, day] = [60_000, 86_400_000]
const httpDate = (time: number) => new Date(time).toUTCString()

t.test(
  'serverTime: Date plus Age, or the own time; a difference of a minute or more is reported',
  async t => {
    const cases: [headers: Record<string, string | string[]>, time: number][] = [
      [{ date: httpDate(now) }, now],
      [{ date: httpDate(now - 59_000) }, now - 59_000],
      [{ date: httpDate(now - day) }, now - day],
      [{ date: httpDate(now + day) }, now + day],
      [{ date: httpDate(now - day), age: '86400' }, now],
      [{ date: [httpDate(now - day), httpDate(now)], age: ['86340', '5'] }, now - minute],
      [{ date: httpDate(now), age: '0' }, now],
      [{ date: 'Wednesday, 21-Oct-26 07:28:00 GMT' }, now],
      // An Age without a Date says nothing about the server's clock.
      [{ age: '86400' }, now],
      [{}, now],
      [{ date: '' }, now],
      [{ date: '2026' }, now],
      [{ date: 'yesterday' }, now],
      [{ date: 'Wed, 99 Oct 2026 07:28:00 GMT' }, now],
      ...['-5', '1.5', '', 'x', '99999999999'].map((age): [Record<string, string>, number] => [
        { date: httpDate(now - day), age },
        now - day,
      ]),
    ]
    for (const [headers, time] of cases) {
      const difference = time - now
      const expected = Math.abs(difference) < minute ? { time } : { time, clockDifference: difference }
      t.strictSame(serverTime(headers, now), expected, JSON.stringify(headers))
    }
  },
)
