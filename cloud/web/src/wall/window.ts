/** Which part of a long list is drawn. */

export interface Piece {
  from: number;
  to: number;
}

const BEYOND = 6;

/** The rows that a list scrolled to `top` shows, and a few beyond either edge; heights in pixels. */
export function pieceOf(count: number, row: number, top: number, height: number): Piece {
  const from = Math.max(0, Math.floor(top / row) - BEYOND);
  const to = Math.max(0, Math.ceil((top + height) / row) + BEYOND);
  return { from: Math.min(from, count), to: Math.min(to, count) };
}

/** Where to scroll so that a row at `place` is whole in view below what sticks to the top; null: it is. */
export function scrollFor(place: number, row: number, top: number, height: number, sticks: number): number | null {
  if (place - sticks < top) return Math.max(0, place - sticks);
  return place + row > top + height ? place + row - height : null;
}
