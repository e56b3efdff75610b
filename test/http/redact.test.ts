import fc from 'fast-check'
import t from 'tap'
import { redactor } from '../../lib/http/redact.ts'
import { seededRandom } from '../support/seededRandom.ts'

const redact = (text: string, secret: string) => redactor(secret, ['access_token', 'hapikey'])(text)

const awkward = 'a/b+c=&d<"\'>\\%e'

t.test('redactor: a secret is replaced in every encoding in which a server may repeat it', async t => {
  const forms = [
    awkward,
    encodeURIComponent(awkward),
    encodeURIComponent(awkward).replace(/%../g, hex => hex.toLowerCase()),
    encodeURIComponent(encodeURIComponent(awkward)),
    encodeURI(awkward),
    JSON.stringify(awkward).slice(1, -1),
    JSON.stringify(JSON.stringify(awkward)).slice(3, -3),
    JSON.stringify(awkward).slice(1, -1).replaceAll('/', '\\/'),
    awkward.replace(/[&<>='"+/\\]/g, unit => `\\u00${unit.charCodeAt(0).toString(16)}`),
    awkward.replace(/[&<>='"+/\\]/g, unit => `\\u00${unit.charCodeAt(0).toString(16).toUpperCase()}`),
    awkward
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;'),
    awkward.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('/', '&#x2F;'),
  ]
  for (const form of forms) {
    t.equal(redact(`before ${form} between ${form} after`, awkward), 'before *** between *** after', form)
  }
})

t.test('redactor: a plain token is replaced anywhere in a text', async t => {
  const token = 'demooooo-oooo-oooo-oooo-oooooooooooo'
  t.equal(redact(`x${token}y${token}`, token), 'x***y***')
  t.equal(redact(`Bearer ${token}`, token), 'Bearer ***')
})

t.test(
  'redactor: a credential parameter in a URL is replaced, even if its value is cut or another',
  async t => {
    t.equal(redact('/list?access_token=demooo', 'demooooo-oooo'), '/list?access_token=***')
    t.equal(redact('/list?hapikey=other&max=1', 'demo'), '/list?hapikey=***&max=1')
    t.equal(redact('"/list?access_token=abc", max', 'demo'), '"/list?access_token=***", max')
    t.equal(redact('next=%2Flist%3Faccess_token%3Dabc', 'demo'), 'next=%2Flist%3Faccess_token%3D***')
  },
)

t.test('redactor: other text is unchanged', async t => {
  for (const text of ['', 'nothing', '{"access":"token"}', 'my_access_tokens=1', 'a%2Fb', '\\\\\\']) {
    t.equal(redact(text, 'demo'), text)
  }
})

t.test('redactor: no secret is left, alone or in any text', async () => {
  const printable = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code)),
    minLength: 4,
  })
  fc.assert(
    fc.property(printable, fc.string(), fc.string(), (token, before, after) => {
      for (const form of [token, encodeURIComponent(token), JSON.stringify(token).slice(1, -1)]) {
        const text = redact(`${before}${form}${after}`, token)
        if (!before.includes(token) && !after.includes(token) && text.includes(token)) return false
        if (!text.includes('***')) return false
      }
      return true
    }),
  )
})

t.test(
  'redactor: a long text of backslashes and percent signs is redacted before the test times out',
  async t => {
    for (const unit of ['\\', '%', '%25', '&#0', 'a']) {
      const text = unit.repeat(20_000)
      t.equal(redact(text, 'aaaaaaaaaab'), text)
    }
  },
)

t.test('redactor: a secret of any length is replaced completely, once', async t => {
  const random = seededRandom(1)
  for (const length of [499, 500, 501, 1_001, 4_000, 20_000]) {
    const secret = Array.from({ length }, () => 'aB3-/+='[Math.floor(random() * 7)]).join('')
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
      t.equal(redact(`before ${form} after`, secret), 'before *** after', `${length}`)
  }
})
