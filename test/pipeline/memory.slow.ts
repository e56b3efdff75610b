import t from 'tap'
import { comparePeaks } from '../support/comparePeaks.ts'

// The timeout suits a busy machine.
t.setTimeout(300_000)

comparePeaks('seek', true)
comparePeaks('offset', false)
