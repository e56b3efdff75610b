import { readFile } from 'node:fs/promises'
import t from 'tap'
import { startPortal } from './helpers/startPortal.ts'

const sample = JSON.parse(await readFile(new URL('fixtures/lead-sample.json', import.meta.url), 'utf8'))

t.test("the documentation's example URL answers the documentation's example", async t => {
  const portal = await startPortal(t, { leads: sample })
  const url = '/leads/v1/list?access_token=demooooo-oooo-oooo-oooo-oooooooooooo&max=1'
  const response = await fetch(portal.origin + url)
  t.equal(response.status, 200)
  const text = await response.text()
  t.same(JSON.parse(text), sample)
  t.equal(text, JSON.stringify(sample), 'compact, and byte for byte')
})

t.test('the same path with a slash at its end answers the same', async t => {
  const portal = await startPortal(t, { leads: sample })
  const response = await fetch(`${portal.origin}/leads/v1/list/?access_token=${portal.accessToken}`)
  t.same(await response.json(), sample)
})
