import t from 'tap'
import { linesOf } from '../../lib/sources/linesOf.ts'
import { failureOf } from '../support/failureOf.ts'

async function read(text: string, size: number, most = 1_000) {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const lines: string[] = []
  for await (const line of linesOf(chunks(), most)) lines.push(line.toString())
  return lines
}

t.test('linesOf: a text is split into its lines, wherever its bytes are cut', async t => {
  const text = 'one\r\n\ntwo é😀\n\r\nthree\r'
  for (let size = 1; size <= Buffer.byteLength(text); size += 1) {
    t.strictSame(await read(text, size), ['one', '', 'two é😀', '', 'three'], `${size} bytes`)
  }
  t.strictSame(await read('a\n', 9), ['a'])
  t.strictSame(await read('', 9), [])
})

t.test('linesOf: a line may have at most the given number of bytes', async t => {
  for (const size of [1, 3, 100]) {
    t.strictSame(await read('éé\néé', size, 4), ['éé', 'éé'])
    for (const text of ['aaaa\naaaaa\n', 'aaaa\naaaaa', 'aaaa\néééé\nb']) {
      t.match(await failureOf(read(text, size, 4)), {
        name: 'RangeError',
        message: 'line 2 is longer than 4 bytes',
      })
    }
  }
})
