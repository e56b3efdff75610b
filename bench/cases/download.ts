// The bare download: the bodies are read and dropped, with the next page on its way, as in the tight loop. No export can
// be faster over one connection after another, whatever it does with the leads.
import { request } from 'undici'
import { exportCase } from '../exportCase.ts'

await exportCase(
  async origin => {
    const send = (offset: number) =>
      request(`${origin}/leads/v1/list?access_token=bench&max=100&offset=${offset}`)
    let next = send(0)
    for (let offset = 100, bytes = Number.POSITIVE_INFINITY; bytes > '[]'.length; offset += 100) {
      const { body } = await next
      next = send(offset)
      bytes = 0
      for await (const chunk of body) bytes += chunk.length
    }
    await (await next).body.dump()
  },
  { writesFile: false },
)
