import t from 'tap'
import { comparePeaks } from '../support/comparePeaks.ts'

t.setTimeout(24 * 3_600_000)

// The other two are in test/pipeline/memory.slow.ts.
comparePeaks('seek', false)
comparePeaks('offset', true)
