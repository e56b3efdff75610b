import t from 'tap'
import { checkProperties, definitionsIn } from '../../lib/crm/PropertyDefinition.ts'
import { failureOf } from '../support/failureOf.ts'

const definitions = ['email', 'firstname', 'lastmodifieddate', 'hs_object_id'].map(name => ({
  name,
  type: 'string',
}))
const check = (...names: string[]) => checkProperties('properties', names, 'contacts', definitions)

t.test('checkProperties: names that exist pass', async t => {
  t.doesNotThrow(() => check('email', 'hs_object_id'))
})

t.test('checkProperties: a misspelt name is an OPTION error that names the nearest property', async t => {
  for (const [misspelt, nearest] of [
    ['emial', 'email'],
    ['firstName', 'firstname'],
    ['last_modified_date', 'lastmodifieddate'],
  ] as const) {
    t.match(await failureOf(() => check('email', misspelt)), {
      code: 'OPTION',
      message: `crmObjects(): properties: expected names of properties that contacts have, received "${misspelt}"; did you mean "${nearest}"?`,
      context: { option: 'properties' },
    })
  }
})

t.test('checkProperties: no property is suggested if none is near', async t => {
  t.match(await failureOf(() => check('favouriteColour', 'shoeSize')), {
    message: /received "favouriteColour", "shoeSize"$/,
  })
})

t.test('definitionsIn: an answer that does not hold definitions is not taken for an empty one', async t => {
  t.same(definitionsIn({ results: [{ name: 'a', type: 'number', label: 'A' }] })?.length, 1)
  for (const answer of [undefined, null, [], {}, { results: {} }, { results: [{ name: 'a' }] }])
    t.equal(definitionsIn(answer), undefined)
})
