import t from 'tap'
import { testCrmKills } from '../support/crmKills.ts'

const seed = Number(process.env.KILLS_SEED ?? 1)
const kills = Number(process.env.KILLS ?? 1)

// The timeout suits a busy machine.
t.setTimeout(300_000)
await testCrmKills(t, { leads: 400, kills, aimed: 1, seed })
