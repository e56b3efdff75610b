import t from 'tap'
import { testCrmKills } from '../support/crmKills.ts'

const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
/** Of each source. */
const kills = Number(process.env.SOAK_KILLS ?? 50)

t.setTimeout(24 * 3_600_000)
await testCrmKills(t, { leads: 2_000, kills, aimed: 6, seed })
