// The obvious loop: fetch, collect, write. No check, no retry, everything in memory.
import { writeFile } from 'node:fs/promises'
import { exportCase } from '../exportCase.ts'

await exportCase(async (origin, path) => {
  const leads: unknown[] = []
  for (;;) {
    const response = await fetch(`${origin}/leads/v1/list?access_token=bench&max=100&offset=${leads.length}`)
    const page = (await response.json()) as unknown[]
    if (page.length === 0) break
    leads.push(...page)
  }
  await writeFile(path, leads.map(lead => `${JSON.stringify(lead)}\n`).join(''))
})
