import t from 'tap'
import Typebox, { type TSchema } from 'typebox'
import { Type } from '../../lib/lead/Type.ts'

const made = (type: typeof Type): TSchema =>
  type.Object(
    {
      text: type.String({ description: 'a', minLength: 1 }),
      whole: type.Optional(type.Integer({ readOnly: true })),
      fraction: type.Number(),
      flags: type.Array(type.Boolean(), { description: 'b' }),
      inside: type.Optional(type.Object({ none: type.Optional(type.String()) })),
      open: type.Object({}),
    },
    { description: 'c' },
  )

/** A schema with the hidden properties of typebox, which are not in its JSON. */
function withHidden(schema: object): unknown {
  const entries = Object.getOwnPropertyNames(schema).map(name => {
    const value = (schema as Record<string, unknown>)[name]
    return [name, typeof value === 'object' && value !== null ? withHidden(value) : value]
  })
  return Object.fromEntries(entries)
}

t.test('Type makes the same schemas as typebox: the same JSON and the same hidden properties', async t => {
  t.equal(JSON.stringify(made(Type)), JSON.stringify(made(Typebox)))
  t.strictSame(withHidden(made(Type)), withHidden(made(Typebox)))
})
