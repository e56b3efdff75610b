import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { contactsAsLeads, type Lead, leads, map, run, toFile } from '../../../lib/index.ts'
import type { PortalOptions } from '../../../lib/portal/index.ts'
import { startPortal } from '../../portal/helpers/startPortal.ts'
import { plainNode } from '../../support/plainNode.ts'
import { portalClient } from '../../support/portalClient.ts'
import { root } from '../../support/root.ts'
import { sharedFields } from '../../support/sharedFields.ts'

for (const [served, options, joined] of [
  ['with the old list of contacts', {}, 'conversionId'],
  ['without the old list of contacts', { contactsV1: false }, 'time'],
  ['if submissions have no conversionId', { conversionIdsSince: 9e12 }, 'time'],
] as [string, PortalOptions, 'conversionId' | 'time'][]) {
  t.test(`contactsAsLeads: ${served}, a pipeline writes the same file as from leads()`, async t => {
    const portal = await startPortal(t, { leads: 250, ...options })
    const client = portalClient(t, portal)
    const dir = t.testdir()
    const hasList = options.contactsV1 !== false
    const shared = (lead: Lead) => {
      const { guid, id, leadConversionEvents = [], ...rest } = sharedFields(lead) as Lead
      // Without the old list, no API of today has the guid of 2011 and the title of the page.
      const events = leadConversionEvents.map(
        ({ pageName, leadGuid, formSubmissionValues = [], ...event }) => ({
          ...event,
          formSubmissionValues: formSubmissionValues.map(({ leadGuid, ...value }) => value),
        }),
      )
      return hasList ? sharedFields(lead) : { ...rest, leadConversionEvents: events }
    }
    const source = contactsAsLeads(client, { guid: hasList ? 'legacy' : 'contact' })
    const report = await run(source, map(shared), toFile(join(dir, 'today.ndjson')))
    await run(leads(client), map(shared), toFile(join(dir, '2011.ndjson')))
    const lines = (name: string) => readFileSync(join(dir, name), 'utf8').split('\n').sort()
    t.strictSame(lines('today.ndjson'), lines('2011.ndjson'))
    const { read, unmatched = 0, joined: ways } = report.submissions ?? {}
    t.ok(ways && ways[joined] > 50)
    t.equal((ways?.[joined] ?? 0) + unmatched, read, 'all others belong to deleted leads')
    t.strictSame(source.submissions, report.submissions)
    t.match(report.submissions, {
      legacyContacts: hasList ? report.read : { status: 404 },
      absentProperties: ['hs_email_hard_bounce_reason_enum'],
    })
  })
}

t.test('contactsAsLeads: without libsql the error names the missing package', async t => {
  const hooks = `export async function resolve(name, context, next) {
    if (name === 'libsql') throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const script = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))
    const { contactsAsLeads, HubSpotClient, run, toArray } = await import('leadpipe')
    const client = new HubSpotClient({ accessToken: 'a', origin: 'http://127.0.0.1:9' })
    await run(contactsAsLeads(client), toArray({ max: 1 })).catch(error => console.log(error.code, error.message))`
  const [command, ...node] = plainNode
  const args = [...node, '--input-type=module', '-e', script]
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  t.equal(code, 0)
  t.match(output, /^OPTION contactsAsLeads\(\): expected the optional package libsql, .*npm install libsql/)
})
