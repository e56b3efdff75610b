import t from 'tap'
import { comparePeaks } from '../support/comparePeaks.ts'

// A machine that has more to do takes longer.
t.setTimeout(300_000)

comparePeaks('seek', true)
comparePeaks('offset', false)
