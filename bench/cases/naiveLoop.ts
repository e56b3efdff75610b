// The naive loop: fetch, collect, write. No check, no retry, everything in memory.
import { writeFile } from 'node:fs/promises'
import type { Lead } from 'leadpipe'
import { linesOf } from '../byHand.ts'
import { exportCase } from '../exportCase.ts'

await exportCase(async (origin, path) => {
  const leads: Lead[] = []
  for (;;) {
    const response = await fetch(`${origin}/leads/v1/list?access_token=bench&max=100&offset=${leads.length}`)
    const page = (await response.json()) as Lead[]
    if (page.length === 0) break
    leads.push(...page)
  }
  await writeFile(path, leads.map(linesOf).join(''))
})
