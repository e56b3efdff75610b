import type { Query } from '../../store/pageQuery.ts'
import { timeOf } from '../properties/values.ts'
import type { Records } from '../records/Records.ts'
import type { Filter } from './Filter.ts'

/** The condition of a filter in SQL; undefined if no column has the values of its property. */
export function conditionOf(filter: Filter, records: Records): Query | undefined {
  const { column } = filter.property
  if (column === undefined) return undefined
  return column === 'seq' ? idCondition(filter, records) : timeCondition(filter, column)
}

function timeCondition({ operator, values }: Filter, column: string): Query | undefined {
  const times = values.map(text => timeOf(text) ?? 0)
  if (operator === 'BETWEEN') return { sql: `${column} BETWEEN ? AND ?`, values: times }
  if (operator === 'IN') return oneOf(column, times)
  const comparison = comparisons[operator]
  return comparison === undefined ? undefined : { sql: `${column} ${comparison} ?`, values: times }
}

const comparisons: Readonly<Partial<Record<Filter['operator'], string>>> = {
  EQ: '=',
  LT: '<',
  LTE: '<=',
  GT: '>',
  GTE: '>=',
}

/** Ids ascend with `seq`, so that a bound of one is a bound of the other. */
function idCondition({ operator, values }: Filter, records: Records): Query | undefined {
  const [id = '0', high = '0'] = values
  const from = (text: string): number => records.firstSeqFrom(text)
  const after = (text: string): number => records.firstSeqFrom(String(BigInt(text) + 1n))
  switch (operator) {
    case 'EQ':
    case 'IN':
      return oneOf(
        'seq',
        values.map(text => records.seqOf(text) ?? 0),
      )
    case 'GT':
      return { sql: 'seq >= ?', values: [after(id)] }
    case 'GTE':
      return { sql: 'seq >= ?', values: [from(id)] }
    case 'LT':
      return { sql: 'seq < ?', values: [from(id)] }
    case 'LTE':
      return { sql: 'seq < ?', values: [after(id)] }
    case 'BETWEEN':
      return { sql: 'seq >= ? AND seq < ?', values: [from(id), after(high)] }
    default:
      return undefined
  }
}

function oneOf(column: string, numbers: readonly number[]): Query {
  return { sql: `${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(numbers)] }
}
