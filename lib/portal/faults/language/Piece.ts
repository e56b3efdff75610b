/** A part of a text, and its position in the text, from 0. */
export interface Piece {
  readonly text: string
  readonly at: number
}

/** A piece without the white space around it. */
export function trimmed({ text, at }: Piece): Piece {
  return { text: text.trim(), at: at + text.length - text.trimStart().length }
}

/** Splits a piece at each matching separator, except within quotation marks. */
export function split(piece: Piece, separator: RegExp, maxPieces = Number.POSITIVE_INFINITY): Piece[] {
  const pieces: Piece[] = []
  let start = 0
  for (const { index } of piece.text.matchAll(/"(?:[^"\\]|\\.)*"?|[^"]/gs)) {
    const character = piece.text[index] as string
    if (pieces.length + 1 >= maxPieces || !separator.test(character)) continue
    pieces.push({ text: piece.text.slice(start, index), at: piece.at + start })
    start = index + 1
  }
  pieces.push({ text: piece.text.slice(start), at: piece.at + start })
  return pieces.map(trimmed)
}
