// The tight loop: the next page is on its way while this one is parsed, and each page is one write. Constant memory.
// No check, no retry, no sync.
import { open } from 'node:fs/promises'
import { request } from 'undici'
import { linesOf } from '../byHand.ts'
import { exportCase } from '../exportCase.ts'

await exportCase(async (origin, path) => {
  const read = async (offset: number) => {
    const { body } = await request(`${origin}/leads/v1/list?access_token=bench&max=100&offset=${offset}`)
    return await body.text()
  }
  const file = await open(path, 'w')
  let next = read(0)
  for (let offset = 100; ; offset += 100) {
    const text = await next
    next = read(offset)
    const page = JSON.parse(text)
    if (page.length === 0) break
    let lines = ''
    for (const lead of page) lines += linesOf(lead)
    await file.write(lines)
  }
  await next
  await file.close()
})
