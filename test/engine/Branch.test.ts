import fc from 'fast-check'
import t from 'tap'
import type { BranchOf } from '../../lib/engine/branches.ts'
import { Chain } from '../../lib/engine/Chain.ts'
import type { Target } from '../../lib/engine/Outlet.ts'
import type { BranchState } from '../../lib/engine/Runner.ts'
import type { Operator } from '../../lib/index.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { recipe } from '../../lib/streams/attach.ts'

/** A tree of operators and outputs, of which some fail at a value. */
interface Tree {
  operators: (keyof typeof operators)[]
  branches: Tree[]
  onError: 'fail' | 'drop'
  /** The value at which the branch fails; 99 for never. */
  failsAt: number
}

const operators: Record<string, () => Operator<number, number>> = {
  add: () => map((n: number) => n + 1),
  concurrent: () => map(async (n: number) => n + 1, { concurrency: 2 }),
  later: () => map(async (n: number) => n + 1),
  odd: () => filter((n: number) => n % 2 !== 0),
  take: () => take<number>(3),
  twice: () =>
    operator<number, number>('twice', (n, emit) => {
      emit(n)
      emit(n)
    }),
}

const { tree } = fc.letrec<{ tree: Tree }>(tie => ({
  tree: fc.record({
    operators: fc.array(fc.constantFrom(...Object.keys(operators)), { maxLength: 2 }),
    branches: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant<Tree[]>([]),
      fc.array(tie('tree') as fc.Arbitrary<Tree>, { minLength: 1, maxLength: 3 }),
    ),
    onError: fc.constantFrom('fail', 'drop'),
    failsAt: fc.oneof(fc.constant(99), fc.nat(12)),
  }),
}))

/** Whether failures happen; the values that reached each leaf. */
interface World {
  fails: boolean
  leaves: unknown[][]
}

function branchOf({ operators: names, branches, onError, failsAt }: Tree, world: World): BranchOf<Target> {
  const failing = operator<number, number>({
    name: 'failing',
    stateless: true,
    create: () => ({
      step(n, emit) {
        emit(n)
        if (world.fails && n === failsAt) throw new Error(`no ${failsAt}`)
      },
    }),
  })
  const definitions = [...names.map(name => operators[name]?.()), failing].flatMap(
    part => part?.[recipe] ?? [],
  )
  const common = { definitions, side: [], onError }
  if (branches.length > 0) return { ...common, branches: branches.map(branch => branchOf(branch, world)) }
  const leaf: unknown[] = []
  world.leaves.push(leaf)
  return { ...common, branches: [], sink: { write: record => void leaf.push(record) } }
}

function chainOf(tree: Tree, world: World, state?: BranchState): Chain {
  const chain = new Chain(branchOf(tree, world), { done() {}, failed() {} }, state !== undefined)
  if (state !== undefined) chain.restore(JSON.parse(JSON.stringify(state)))
  chain.rememberRecords()
  return chain
}

/** The failure is in `chain.failure`. */
const receive = (chain: Chain, value: number) =>
  new Promise(resolve => resolve(chain.receive(value))).catch(() => {})

const wrongIn = (chain: Chain) => chain.equations().filter(({ values: [left, right] }) => left !== right)

t.test('Chain: a record that fails in one branch of any tree is undone in all, or none is saved', async t => {
  let undone = 0
  let dropped = 0
  await fc.assert(
    fc.asyncProperty(tree, fc.array(fc.nat(9), { maxLength: 12 }), async (root, values) => {
      const world: World = { fails: true, leaves: [] }
      const chain = chainOf(root, world)
      for (const [index, value] of values.entries()) {
        await receive(chain, value)
        if (chain.failure === undefined) continue
        if (!chain.undo()) return
        await chain.drain()
        const state = chain.save()
        const written = world.leaves.map(leaf => [...leaf])
        // A second chain receives the records before the failing one only: the same state, the same output.
        const without: World = { fails: true, leaves: [] }
        const other = chainOf(root, without)
        for (const earlier of values.slice(0, index)) await receive(other, earlier)
        await other.drain()
        // A branch that the failing record has dropped stays dropped.
        if (JSON.stringify(state).includes('dropped')) {
          dropped += 1
          return
        }
        undone += 1
        t.strictSame(state, other.save(), JSON.stringify({ root, values }))
        t.strictSame(written, without.leaves)
        return
      }
      await chain.flush().catch(() => {})
      if (chain.failure === undefined) t.strictSame(wrongIn(chain), [], JSON.stringify({ root, values }))
    }),
    { numRuns: 500 },
  )
  t.ok(undone > 20 && dropped > 0, `${undone} records were undone, ${dropped} beside a dropped branch`)
})

t.test('Chain: resumed at any record, each leaf of any tree gets the same values', async t => {
  await fc.assert(
    fc.asyncProperty(tree, fc.array(fc.nat(9), { maxLength: 12 }), fc.nat(12), async (root, values, cut) => {
      const world: World = { fails: false, leaves: [] }
      const whole = chainOf(root, world)
      for (const value of values) await whole.receive(value)
      await whole.flush()
      const [first, second]: World[] = [
        { fails: false, leaves: [] },
        { fails: false, leaves: [] },
      ]
      const before = chainOf(root, first as World)
      for (const value of values.slice(0, cut)) await before.receive(value)
      await before.drain()
      const after = chainOf(root, second as World, before.save())
      for (const value of values.slice(cut)) await after.receive(value)
      await after.flush()
      const leaves = first?.leaves.map((leaf, index) => [...leaf, ...(second?.leaves[index] ?? [])])
      t.strictSame(leaves, world.leaves, JSON.stringify({ root, values, cut }))
      t.strictSame(after.save(), whole.save())
      t.strictSame(wrongIn(after), [])
    }),
    { numRuns: 200 },
  )
})
