import { InvalidArgumentError } from 'commander'
import type { Noun } from './inWords.ts'

/** What `--from` names. */
export interface ExportSource {
  /** As the user wrote it. */
  readonly name: string
  readonly kind: SourceKind
  /** The type of the CRM objects, if it names one. */
  readonly type?: string
  /** What it delivers, in words. */
  readonly noun: Noun
}

/** Sources that take the same flags. */
export type SourceKind = 'leads' | 'records' | 'forms' | 'submissions' | 'contacts-as-leads'

/** The types of CRM objects that have a name of their own in `--from`. */
export const types: Readonly<Record<string, Noun>> = {
  contacts: ['contact'],
  companies: ['company', 'companies'],
  deals: ['deal'],
  tickets: ['ticket'],
}

const others: Readonly<Record<Exclude<SourceKind, 'records'>, Noun>> = {
  leads: ['lead'],
  forms: ['form'],
  submissions: ['submission'],
  'contacts-as-leads': ['lead'],
}

/** The source that `--from` names. */
export function sourceNamed(name: string): ExportSource {
  if (Object.hasOwn(types, name)) return { name, kind: 'records', type: name, noun: types[name] as Noun }
  if (Object.hasOwn(others, name)) {
    const kind = name as keyof typeof others
    return { name, kind, noun: others[kind] }
  }
  const [, type] = /^objects\/([\w.-]+)$/.exec(name) ?? []
  if (type !== undefined) return { name, kind: 'records', type, noun: ['record'] }
  const expected = [...Object.keys(types), 'objects/TYPE', ...Object.keys(others)].join(', ')
  throw new InvalidArgumentError(`Expected one of ${expected}.`)
}
