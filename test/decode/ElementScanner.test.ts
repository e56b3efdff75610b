import t from 'tap'
import { ElementScanner, type ScannerProblem } from '../../lib/decode/ElementScanner.ts'
import { byteByByte } from '../support/cutAt.ts'

/** Scans chunks with a scanner that is inside the array from the first byte on; returns what it finds. */
function scanAll(chunks: Uint8Array[], limits = { maxLeadBytes: 2 ** 30, maxDepth: 100 }) {
  const between: string[] = []
  const problems: ScannerProblem[] = []
  const surroundings = {
    inside: true,
    outside: (bytes: Buffer) => void between.push(bytes.toString()),
    element: () => void between.push('_'),
  }
  const scanner = new ElementScanner(surroundings, limits, problem => {
    problems.push(problem)
    throw new Error(problem.message)
  })
  const found: [text: string, offset: number][] = []
  for (const chunk of chunks) {
    for (const { bytes, offset } of scanner.scan(Buffer.from(chunk))) {
      found.push([bytes.toString(), offset])
    }
  }
  return { found, between: between.join(''), scanner }
}

t.test(
  'ElementScanner: finds each element with its offset, and passes the bytes between elements on',
  async t => {
    const body = Buffer.from(' {"a":"]}"} ,[1,[2]],"x\\"y\\\\" ,12 , null,tru e')
    for (const chunks of [[body], byteByByte(body)]) {
      const { found, between, scanner } = scanAll(chunks)
      t.strictSame(found, [
        ['{"a":"]}"}', 1],
        ['[1,[2]]', 13],
        ['"x\\"y\\\\"', 21],
        ['12', 31],
        ['null', 36],
        ['tru', 41],
      ])
      t.equal(between, ' _ ,_,_ ,_ , _,_ ')
      t.equal(scanner.offset, body.length)
      t.ok(scanner.insideElement)
      t.equal(scanner.scanned, 7)
    }
  },
)

/** Counts every byte that Buffers copy while `work` runs. */
function bytesCopied(work: () => void): number {
  const { copy, copyWithin } = Buffer.prototype
  const { concat } = Buffer
  let count = 0
  Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<Buffer['copy']>) {
    const copied = copy.apply(this, args)
    count += copied
    return copied
  }
  Buffer.prototype.copyWithin = function (this: Buffer, target: number, start: number, end?: number) {
    count += (end ?? this.length) - start
    return copyWithin.call(this, target, start, end)
  }
  Buffer.concat = (...args: Parameters<typeof concat>) => {
    const joined = concat(...args)
    count += joined.length
    return joined
  }
  try {
    work()
    return count
  } finally {
    Object.assign(Buffer.prototype, { copy, copyWithin })
    Buffer.concat = concat
  }
}

t.test(
  'ElementScanner: a large element in small chunks is copied a few times at most, not once per chunk',
  async t => {
    const size = 1_000_000
    for (const element of [
      `{"a":"${'x'.repeat(size)}"}`,
      `"${'x'.repeat(size)}"`,
      '1'.repeat(size),
      `[${'1,'.repeat(size / 2)}1]`,
    ]) {
      const body = Buffer.from(`${element} `)
      const chunks = Array.from({ length: Math.ceil(body.length / 100) }, (_, i) =>
        body.subarray(i * 100, i * 100 + 100),
      )
      let found = 0
      const copied = bytesCopied(() => {
        found = scanAll(chunks).found.length
      })
      t.equal(found, 1)
      t.ok(copied < 8 * size, `${copied} bytes copied`)
    }
  },
)

t.test('ElementScanner: elements that are complete within a chunk are not copied', async t => {
  const body = Buffer.from('{"a":1},'.repeat(10_000))
  const copied = bytesCopied(() => {
    scanAll([body])
  })
  t.ok(copied <= 2 * body.length, 'at most the copies that the test itself makes')
})

t.test(
  'ElementScanner: every byte of a large element is searched once, however small the chunks are',
  async t => {
    const size = 200_000
    const text = `{"a":"${'\\\\\\"'.repeat(size / 4)}","b":[${'[],'.repeat(1_000)}1]}`
    const searched = (chunkSize: number) => {
      const { indexOf } = Buffer.prototype
      let count = 0
      Buffer.prototype.indexOf = function (this: Buffer, ...args: Parameters<typeof indexOf>) {
        const at = indexOf.apply(this, args)
        count += (at === -1 ? this.length : at + 1) - Number(args[1] ?? 0)
        return at
      } as typeof indexOf
      try {
        const body = Buffer.from(`${text} `)
        const chunks = Array.from({ length: Math.ceil(body.length / chunkSize) }, (_, i) =>
          body.subarray(i * chunkSize, (i + 1) * chunkSize),
        )
        t.equal(scanAll(chunks).found.length, 1)
        return count
      } finally {
        Buffer.prototype.indexOf = indexOf
      }
    }
    const whole = searched(text.length + 1)
    t.ok(whole <= text.length)
    t.ok(searched(10) <= text.length)
  },
)
