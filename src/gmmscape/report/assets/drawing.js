// Drawing: elements of SVG, axes, ellipses, and places for labels. Text enters as text only.

// As wide as the page allows, so that letters keep their size.
const FRAME = { width: 900, height: 520, left: 72, right: 14, top: 14, bottom: 50 };

function fitFrame(width) {
  FRAME.width = Math.max(300, Math.round(width));
  FRAME.height = Math.round(Math.min(560, Math.max(300, 0.58 * width)));
}

function svg(name, attributes = {}, content = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== null) made.textContent = content;
  return made;
}

function html(name, attributes = {}, content = null) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (content !== null) made.textContent = content;
  return made;
}

function scales(view) {
  const across = (FRAME.width - FRAME.left - FRAME.right) / (view.x[1] - view.x[0]);
  const up = (FRAME.height - FRAME.top - FRAME.bottom) / (view.y[1] - view.y[0]);
  return {
    across,
    up,
    x: (value) => FRAME.left + (value - view.x[0]) * across,
    y: (value) => FRAME.height - FRAME.bottom - (value - view.y[0]) * up,
    backX: (place) => view.x[0] + (place - FRAME.left) / across,
    backY: (place) => view.y[0] + (FRAME.height - FRAME.bottom - place) / up,
  };
}

// As much of a name as an axis has room for.
function cut(name, room) {
  const most = Math.floor(room / 7);
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

// `units` turn numbers of the picture into those of the data.
function drawAxes(target, view, at, xName, yName, xUnits, yUnits) {
  const foot = FRAME.height - FRAME.bottom;
  const end = FRAME.width - FRAME.right;
  const across = roundNumbers(xUnits.out(view.x[0]), xUnits.out(view.x[1]), FRAME.width > 600 ? 7 : 4);
  for (const value of across) {
    const x = at.x(xUnits.into(value));
    target.append(svg("line", { x1: x, x2: x, y1: FRAME.top, y2: foot, class: "grid" }));
    target.append(svg("text", { x, y: foot + 18, "text-anchor": "middle", class: "tick" }, tickText(value, across)));
  }
  const up = roundNumbers(yUnits.out(view.y[0]), yUnits.out(view.y[1]), 6);
  for (const value of up) {
    const y = at.y(yUnits.into(value));
    target.append(svg("line", { x1: FRAME.left, x2: end, y1: y, y2: y, class: "grid" }));
    target.append(svg("text", { x: FRAME.left - 7, y: y + 4, "text-anchor": "end", class: "tick" }, tickText(value, up)));
  }
  const middle = (FRAME.top + foot) / 2;
  const turned = { x: 15, y: middle, "text-anchor": "middle", class: "axis", transform: `rotate(-90 15 ${middle})` };
  const along = { x: (FRAME.left + end) / 2, y: FRAME.height - 9, "text-anchor": "middle", class: "axis" };
  target.append(svg("text", along, cut(xName, end - FRAME.left)));
  target.append(svg("text", turned, cut(yName, foot - FRAME.top)));
}

// The ellipse that reaches so many standard deviations from a mean.
function ellipse(part, at, radius) {
  const a = part.covariance[0] * at.across ** 2;
  const b = -part.covariance[1] * at.across * at.up;
  const c = part.covariance[2] * at.up ** 2;
  const middle = (a + c) / 2;
  const half = Math.hypot((a - c) / 2, b);
  const angle = (Math.atan2(2 * b, a - c) * 90) / Math.PI;
  return {
    rx: Math.max(radius * Math.sqrt(Math.max(middle + half, 0)), 0.5),
    ry: Math.max(radius * Math.sqrt(Math.max(middle - half, 0)), 0.5),
    transform: `translate(${at.x(part.x)} ${at.y(part.y)}) rotate(${angle})`,
  };
}

// Labels beside their marks, on no mark and no other label; null where there is no room.
function labelPlaces(marks, widths) {
  const height = 13;
  const radius = 6;
  const taken = [];
  const free = (x, y, width) =>
    x - width / 2 >= FRAME.left &&
    x + width / 2 <= FRAME.width - FRAME.right &&
    y - height / 2 >= FRAME.top &&
    y + height / 2 <= FRAME.height - FRAME.bottom &&
    taken.every(([u, v, w]) => Math.abs(x - u) >= (width + w) / 2 || Math.abs(y - v) >= height) &&
    marks.every(([u, v]) => Math.abs(x - u) >= width / 2 + radius || Math.abs(y - v) >= height / 2 + radius);
  return marks.map(([x, y], i) => {
    const inside = x >= FRAME.left && x <= FRAME.width - FRAME.right && y >= FRAME.top && y <= FRAME.height - FRAME.bottom;
    for (let ring = 0; inside && ring < 12; ring += 1) {
      const reach = radius + height / 2 + 2 + 11 * ring;
      const turns = 8 + 4 * ring;
      for (let turn = 0; turn < turns; turn += 1) {
        const angle = -Math.PI / 4 + (2 * Math.PI * turn) / turns;
        const u = x + (reach + (widths[i] - height) / 2) * Math.cos(angle);
        const v = y + reach * Math.sin(angle);
        if (free(u, v, widths[i])) {
          taken.push([u, v, widths[i]]);
          return { x: u, y: v, led: ring > 0 };
        }
      }
    }
    return null;
  });
}
