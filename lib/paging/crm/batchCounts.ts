import { type Equation, equation } from '../../stage/Stage.ts'

/** What became of the ids that records were requested by. Pages that a restart reads again count again. */
export interface BatchCounts extends Record<string, number> {
  /** Ids requested. */
  asked: number
  /** Records, and elements that are not records, received for them. */
  answered: number
  /** Ids of records that were merged into another one meanwhile: the list has that one at its own id. */
  merged: number
  /** Ids of records that were archived or deleted meanwhile. */
  gone: number
}

export const noBatchCounts = (): BatchCounts => ({ asked: 0, answered: 0, merged: 0, gone: 0 })

/** What must hold for the counts. */
export const batchEquations = ({ asked, answered, merged, gone }: BatchCounts): readonly Equation[] => [
  equation('ids asked for', 'answered + merged + gone', asked, answered + merged + gone),
]
