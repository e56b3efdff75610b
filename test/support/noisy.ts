import { createHash } from 'node:crypto'

/** Numbered records of about 2,000 bytes each that compress badly; always the same ones. */
export function noisy(count: number): { n: number; noise: string }[] {
  return Array.from({ length: count }, (_, n) => ({
    n,
    noise: Array.from({ length: 30 }, (_, part) =>
      createHash('sha512').update(`${n} ${part}`).digest('base64').slice(0, 64),
    ).join(''),
  }))
}
