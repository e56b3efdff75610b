import type { Form } from '../../crm/Form.ts'
import { describe, LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element, Pager } from '../Pager.ts'
import { FormsPager, type FormsRequest } from './FormsPager.ts'
import type { FormName } from './SubmissionsPager.ts'

/** Reads the ids and names of all forms, archived ones too, and delivers nothing. */
export class FormListPager implements Pager<unknown, FormsRequest, unknown> {
  readonly forms: FormName[] = []
  readonly #pager = new FormsPager('both')

  next(wanted: number): FormsRequest | undefined {
    return this.#pager.next(wanted)
  }

  take(element: Element<unknown>): undefined {
    return this.#pager.take(element as Element<Form>, ({ value }) => this.forms.push(formName(value)))
  }

  finish(received: number, emit: unknown, envelope?: unknown): void {
    this.#pager.finish(received, emit, envelope)
  }

  interrupt(): boolean {
    return this.#pager.interrupt()
  }
}

/** @throws {LeadpipeError} DECODE for an element without an id: its submissions would be left out silently */
function formName(form: Form | Rejected): FormName {
  if (form instanceof Rejected || typeof form.id !== 'string' || form.id === '') {
    const received = form instanceof Rejected ? form.message : describe(form)
    throw new LeadpipeError('DECODE', `the list of forms: expected forms with an id, received ${received}`, {
      context: { problem: 'malformed' },
    })
  }
  const { id, name, formType } = form
  return {
    id,
    ...(typeof name === 'string' ? { name } : {}),
    ...(formType === 'blog_comment' ? { isEmpty: true } : {}),
  }
}
