import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'

t.test(
  'without libsql the portal can be imported, and createPortal says in one sentence what is missing',
  async t => {
    // A process in which libsql can't be resolved, as where the optional dependency was left out.
    const hooks = `export async function resolve(name, context, next) {
    if (name === 'libsql') throw Object.assign(new Error('not installed'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
    const script = `
    import { register } from 'node:module'
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}))
    const { createPortal, generateLeads } = await import(${JSON.stringify(new URL('../../lib/portal/index.ts', import.meta.url).href)})
    console.log([...generateLeads({ count: 3 })].length)
    await createPortal().catch(error => console.log(error.name, error.code, error.message, error.cause.code))`
    const child = spawn(
      process.execPath,
      ['--import', fileURLToPath(import.meta.resolve('tsx')), '--input-type=module', '-e', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    t.equal(code, 0)
    t.equal(
      output,
      '3\nPortalError STORE The portal needs the optional package libsql, which can not be loaded: npm install libsql ERR_MODULE_NOT_FOUND\n',
    )
  },
)
