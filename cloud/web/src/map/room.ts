/** Where in a polygon a name has the most room. Flat coordinates, x to the right, y up. */
export type Spot = readonly [number, number];

const STEPS = 18;
/** Names are wider than high: a neighbour beside one is nearer than one above it. */
const WIDTH = 2.4;

/** Of spots with as much room the one nearer the middle. */
const PULL = 0.05;

/** The spot inside `ring` that lies farthest from `obstacles` and from the ring itself; null for a ring without inside. */
export function roomiest(ring: readonly Spot[], obstacles: readonly Spot[]): Spot | null {
  const xs = ring.map(([x]) => x);
  const ys = ring.map(([, y]) => y);
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - bottom];
  let best: Spot | null = null;
  let most = 0;
  for (let row = 1; row < STEPS; row += 1) {
    for (let column = 1; column < STEPS; column += 1) {
      const spot: Spot = [left + (width * column) / STEPS, bottom + (height * row) / STEPS];
      if (!inside(ring, spot)) continue;
      let room = Infinity;
      for (const [x, y] of obstacles) room = Math.min(room, Math.hypot((x - spot[0]) / WIDTH, y - spot[1]));
      for (let at = 1; at < ring.length && room > most; at += 1) {
        room = Math.min(room, 1.5 * edgeDistance(spot, ring[at - 1] as Spot, ring[at] as Spot));
      }
      room -= PULL * Math.hypot(spot[0] - left - width / 2, spot[1] - bottom - height / 2);
      if (room > most) [best, most] = [spot, room];
    }
  }
  return best;
}

/** Ray casting: an odd number of edges to the right. */
function inside(ring: readonly Spot[], [x, y]: Spot): boolean {
  let odd = false;
  for (let at = 1; at < ring.length; at += 1) {
    const [[ax, ay], [bx, by]] = [ring[at - 1] as Spot, ring[at] as Spot];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

function edgeDistance([x, y]: Spot, [ax, ay]: Spot, [bx, by]: Spot): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = dx || dy ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot((x - ax - along * dx) / WIDTH, y - ay - along * dy);
}
