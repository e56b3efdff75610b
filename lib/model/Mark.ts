/** What an operator told when a mark passed it: plain JSON. */
export interface OperatorMark {
  /** The operator's name, so that a checkpoint is given back to the operator that it is of. */
  name: string
  /** What its `save` returned; absent for one without. */
  state?: unknown
  /** Its counts: `in`, `out`, and its own. */
  counts: Record<string, number>
}

/**
 * A place in a stream from which a run can go on. The source puts it behind a lead; it rides behind that lead
 * past the operators to the sink, and each stage tells on it what it needs to go on from here. No step sees it.
 * When everything before it is durable, the sink calls `durable`.
 */
export class Mark {
  /** Where the source goes on, and what it had counted: plain JSON. */
  readonly source: unknown
  /** One entry an operator, first to last. */
  readonly operators: OperatorMark[] = []
  /** How many values had passed between each two streams, first to last. */
  readonly passed: number[] = []
  /**
   * Called by the sink with its own state (plain JSON), when everything before the mark is durable. Resolves
   * when the checkpoint is saved; the sink takes nothing more until then. A rejection fails the sink.
   */
  readonly durable: (sink: unknown) => Promise<void>

  constructor(source: unknown, durable: (sink: unknown) => Promise<void>) {
    this.source = source
    this.durable = durable
  }
}
