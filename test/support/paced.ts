import { operator } from '../../lib/operators/operator.ts'
import { pace } from './children/pace.ts'

/** The operator of {@link pace}. */
export const paced = <T>(waits = true) => operator<T>(pace<T>(waits))
