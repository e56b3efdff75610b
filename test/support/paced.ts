import { operator } from '../../lib/operators/operator.ts'
import { pace } from './children/pace.ts'

/** The operator of {@link pace}, from the sources instead of the built package. */
export const paced = <T>(waits = true) => operator<T>(pace<T>(waits))
