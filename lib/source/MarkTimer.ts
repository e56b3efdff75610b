import type { Marking } from './Handing.ts'

/** What passed since the last mark, and so whether another is due. */
export class MarkTimer {
  #leads = 0
  #bytes = 0
  #time = performance.now()

  /** Begins anew, behind a mark. */
  restart(): void {
    this.#leads = 0
    this.#bytes = 0
    this.#time = performance.now()
  }

  /** Takes note of bytes of a body whose leads are handed on from now on. */
  read(bytes: number): void {
    this.#bytes += bytes
  }

  /** Takes note of a lead, or an element that is none, that was handed on. */
  hand(): void {
    this.#leads += 1
  }

  /** Whether as much has passed as a mark is wanted after. */
  isDue({ leads, bytes, milliseconds }: Marking): boolean {
    return this.#leads >= leads || this.#bytes >= bytes || performance.now() - this.#time >= milliseconds
  }
}
