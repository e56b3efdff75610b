import t from 'tap'
import { testCrmKills } from '../support/crmKills.ts'

const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
const kills = Number(process.env.SOAK_KILLS ?? 300)

t.setTimeout(24 * 3_600_000)
// The kills are shared by the sources.
await testCrmKills(t, { leads: 2_000, kills: Math.ceil(kills / 10), aimed: 6, seed })
