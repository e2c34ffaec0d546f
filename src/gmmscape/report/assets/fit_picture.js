// The picture of fits: choose the fit, the axes and the colours; zoom, move, point at rows and components.

// Stands in place of a component's number for rows of the background.
const NO_COMPONENT = 65535;

class FitPicture {
  constructor(figure) {
    this.figure = figure;
    const given = JSON.parse(document.getElementById(figure.dataset.numbers).textContent);
    this.given = given;
    this.d = given.columns.length;
    this.n = given.n;
    this.rows = given.rows && given.rows.map((column) => unpacked(column, Float32Array));
    this.fits = given.fits.map((fit) => ({
      ...fit,
      means: unpacked(fit.means, Float64Array),
      covariances: fit.covariances && unpacked(fit.covariances, Float32Array),
      labels: fit.labels && unpacked(fit.labels, Uint16Array),
    }));
    this.fit = this.fits[0];
    this.showRows = true;
    this.equal = given.equal && this.d > 1;
    this.component = -1;
    this.offerDirections();
    this.byKind = this.fit.kinds !== null;
    this.x = 0;
    this.y = this.d === 1 ? this.directions.length : 1;
    this.buildControls();
    this.buildStage();
    this.reset();
  }

  // Planes first, then columns; each turns numbers of the picture into those of the data.
  offerDirections() {
    const planes = this.fit.directions.map((one) => ({ name: one.name, parts: support(one.vector), unit: 1, out: (v) => v, into: (v) => v }));
    const columns = this.given.columns.map((name, j) => {
      const center = this.given.center[j];
      const scale = this.given.scale[j];
      return { name, parts: [[j, 1]], unit: scale, out: (v) => center + scale * v, into: (v) => (v - center) / scale };
    });
    this.directions = [...planes, ...columns];
  }

  select(label, options, chosen, change) {
    const box = html("select");
    options.forEach((name, i) => box.append(html("option", { value: i }, name)));
    box.value = String(chosen);
    box.addEventListener("change", () => change(Number(box.value)));
    const around = html("label", {}, label);
    around.append(box);
    this.controls.append(around);
    return box;
  }

  check(label, chosen, change) {
    const box = html("input", { type: "checkbox" });
    box.checked = chosen;
    box.addEventListener("change", () => change(box.checked));
    const around = html("label", { class: "check" });
    around.append(box, document.createTextNode(label));
    this.controls.append(around);
  }

  button(group, label, name, act) {
    const made = html("button", { type: "button", "aria-label": name, title: name }, label);
    made.addEventListener("click", act);
    group.append(made);
  }

  buildControls() {
    this.controls = this.figure.querySelector(".controls");
    this.status = this.figure.querySelector(".status");
    if (this.fits.length > 3) this.select("fit", this.fits.map((fit) => fit.label), 0, (i) => this.changeFit(i));
    else if (this.fits.length > 1) this.offerFits();
    this.axesAt = html("span", { class: "group" });
    this.controls.append(this.axesAt);
    this.offerAxes();
    if (this.fits.some((fit) => fit.kinds !== null)) {
      this.select("colours", ["by kind", "by component"], 0, (i) => {
        this.byKind = i === 0;
        this.draw();
      });
    }
    this.componentBox = this.select("component", [], 0, (i) => {
      this.component = i - 1;
      this.draw();
      this.tellComponent(this.component);
    });
    this.offerComponents();
    if (this.rows) {
      this.check("rows", true, (shown) => {
        this.showRows = shown;
        this.draw();
      });
    }
    if (this.d > 1) {
      this.check("equal units", this.equal, (equal) => {
        this.equal = equal;
        this.reset();
      });
    }
    const zoom = html("span", { class: "group", role: "group", "aria-label": "Zoom" });
    this.button(zoom, "+", "Zoom in", () => this.zoom(0.7));
    this.button(zoom, "−", "Zoom out", () => this.zoom(1 / 0.7));
    this.button(zoom, "reset", "Show all", () => this.reset());
    this.controls.append(zoom);
  }

  // Few fits, such as before and after, have a button each.
  offerFits() {
    const group = html("span", { class: "group", role: "group", "aria-label": "Fit" });
    this.fits.forEach((fit, i) => {
      const made = html("button", { type: "button", "aria-pressed": i === 0 }, fit.label);
      made.addEventListener("click", () => {
        for (const one of group.children) one.setAttribute("aria-pressed", one === made);
        this.changeFit(i);
      });
      group.append(made);
    });
    this.controls.append(group);
  }

  offerAxes() {
    const names = this.directions.map((one) => one.name);
    const controls = this.controls;
    this.controls = this.axesAt;
    this.axesAt.replaceChildren();
    if (this.d > 1) {
      this.select("horizontal axis", names, this.x, (i) => {
        this.x = i;
        this.reset();
      });
      const ys = this.fits.some((fit) => fit.covariances) ? [...names, "how many rows (density)"] : names;
      this.select("vertical axis", ys, this.y, (i) => {
        this.y = i;
        this.reset();
      });
    }
    this.controls = controls;
  }

  offerComponents() {
    this.componentBox.replaceChildren(html("option", { value: 0 }, "all"));
    this.fit.weights.forEach((_, c) => {
      const kind = this.fit.kinds ? `: ${this.fit.kinds[c]}` : "";
      this.componentBox.append(html("option", { value: c + 1 }, `${c}${kind}`));
    });
    this.component = -1;
  }

  changeFit(i) {
    this.fit = this.fits[i];
    const before = this.directions.length;
    this.offerDirections();
    // Bare centers have the same planes; what was chosen stays chosen.
    if (this.directions.length !== before) this.x = this.y = Math.min(this.x, this.directions.length - 1);
    this.offerAxes();
    this.offerComponents();
    this.reset();
  }

  buildStage() {
    const name = this.figure.querySelector("svg").getAttribute("aria-label");
    const stage = this.figure.querySelector(".stage");
    fitFrame(stage.clientWidth);
    this.stage = svg("svg", { viewBox: `0 0 ${FRAME.width} ${FRAME.height}`, class: "explored", tabindex: "0", role: "img" });
    this.stage.setAttribute("aria-label", `${name}. Arrow keys move, plus and minus zoom, 0 shows all.`);
    stage.replaceChildren(this.stage);
    new ResizeObserver(() => this.resize(stage.clientWidth)).observe(stage);
    this.stage.addEventListener("keydown", (event) => this.pressed(event));
    this.stage.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    this.stage.addEventListener("pointerdown", (event) => this.grasp(event));
    this.stage.addEventListener("pointermove", (event) => this.pointed(event));
    this.stage.addEventListener("pointerup", () => {
      this.held = null;
    });
    this.stage.addEventListener("pointerleave", () => this.tell(this.standing()));
  }

  resize(width) {
    if (width < 1 || Math.abs(width - FRAME.width) < 2 || !this.view) return;
    fitFrame(width);
    this.stage.setAttribute("viewBox", `0 0 ${FRAME.width} ${FRAME.height}`);
    this.draw();
  }

  // What lies where, for the axes that were chosen.
  measure() {
    const first = this.directions[this.x];
    this.line = this.y >= this.directions.length;
    const second = this.line ? first : this.directions[this.y];
    const xs = projectedMeans(this.fit, first, this.d);
    const ys = projectedMeans(this.fit, second, this.d);
    this.parts = xs.map((x, c) => ({
      x,
      y: ys[c],
      covariance: [
        projectedCovariance(this.fit, c, first, first, this.d),
        projectedCovariance(this.fit, c, first, second, this.d),
        projectedCovariance(this.fit, c, second, second, this.d),
      ],
    }));
    this.rowsX = this.rows && projectedRows(this.rows, first, this.n);
    this.rowsY = this.rows && !this.line && projectedRows(this.rows, second, this.n);
  }

  span(means, variances, rows) {
    const reaches = variances.map((variance) => 3 * Math.sqrt(Number.isFinite(variance) ? Math.max(variance, 0) : 0));
    let low = Math.min(...means.map((mean, c) => mean - reaches[c]));
    let high = Math.max(...means.map((mean, c) => mean + reaches[c]));
    if (rows) {
      const sorted = Float64Array.from(rows).sort();
      low = Math.min(low, quantile(sorted, 0.002));
      high = Math.max(high, quantile(sorted, 0.998));
    }
    const margin = 0.03 * (high - low) || 0.5;
    return [low - margin, high + margin];
  }

  reset() {
    this.measure();
    const x = this.span(this.parts.map((one) => one.x), this.parts.map((one) => one.covariance[0]), this.rowsX);
    this.view = { x, y: [0, 1] };
    if (this.line) this.view.y = [0, this.highest() * 1.06];
    else this.view.y = this.span(this.parts.map((one) => one.y), this.parts.map((one) => one.covariance[2]), this.rowsY);
    if (this.equal && !this.line) this.equalise();
    this.draw();
    this.tell(this.standing());
  }

  // The axis with more room for one unit of the data is widened.
  equalise() {
    const at = scales(this.view);
    const across = at.across / this.directions[this.x].unit;
    const up = at.up / this.directions[this.y].unit;
    const stretch = ([low, high], factor) => {
      const half = (factor * (high - low)) / 2;
      return [(low + high) / 2 - half, (low + high) / 2 + half];
    };
    if (across > up) this.view.x = stretch(this.view.x, across / up);
    else this.view.y = stretch(this.view.y, up / across);
  }

  zoom(factor, x = null, y = null) {
    const change = ([low, high], at) => [at - (at - low) * factor, at + (high - at) * factor];
    const { view } = this;
    view.x = change(view.x, x === null ? (view.x[0] + view.x[1]) / 2 : x);
    if (!this.line) view.y = change(view.y, y === null ? (view.y[0] + view.y[1]) / 2 : y);
    this.draw();
    this.tell(this.standing());
  }

  move(right, up) {
    const shift = ([low, high], share) => [low + share * (high - low), high + share * (high - low)];
    this.view.x = shift(this.view.x, right);
    if (!this.line) this.view.y = shift(this.view.y, up);
    this.draw();
    this.tell(this.standing());
  }

  tone(c) {
    if (c === NO_COMPONENT) return "noise";
    return this.byKind && this.fit.slugs ? `kind-${this.fit.slugs[c]}` : `c${c % 8}`;
  }

  faded(c) {
    return this.component >= 0 && this.component !== c ? " faded" : "";
  }

  draw() {
    const at = scales(this.view);
    this.at = at;
    const fresh = svg("g");
    const first = this.directions[this.x];
    // A density is per unit of the data.
    const density = { out: (v) => v / first.unit, into: (v) => v * first.unit };
    const second = this.line ? density : this.directions[this.y];
    const inside = svg("g", { "clip-path": "url(#inside)" });
    const over = svg("g");
    if (this.line) this.drawLine(inside, over, at);
    else this.drawPlane(inside, over, at);
    drawAxes(fresh, this.view, at, first.name, this.line ? "density" : second.name, first, second);
    const clip = svg("clipPath", { id: "inside" });
    const { left, top } = FRAME;
    clip.append(svg("rect", { x: left, y: top, width: FRAME.width - left - FRAME.right, height: FRAME.height - top - FRAME.bottom }));
    fresh.append(clip, inside, over);
    this.stage.replaceChildren(fresh);
  }

  drawPlane(inside, over, at) {
    if (!this.rows && this.fit.covariances) this.drawDensity(inside, at);
    if (this.rows && this.showRows) this.drawRows(inside, at);
    this.parts.forEach((part, c) => {
      if (Number.isFinite(part.covariance[0])) {
        inside.append(svg("ellipse", { ...ellipse(part, at, this.given.radius), class: `component ${this.tone(c)}${this.faded(c)}`, "data-component": c }));
      }
    });
    this.drawMarks(inside, over, this.parts.map((part) => [at.x(part.x), at.y(part.y)]));
  }

  // One path for each colour: lines of no length with round ends.
  drawRows(inside, at) {
    const ways = new Map();
    this.outside = 0;
    const { x, y } = this.view;
    for (let i = 0; i < this.n; i += 1) {
      const u = this.rowsX[i];
      const v = this.rowsY[i];
      if (u < x[0] || u > x[1] || v < y[0] || v > y[1]) {
        this.outside += 1;
        continue;
      }
      const c = this.fit.labels[i];
      const key = `rows ${this.tone(c)}${this.faded(c)}`;
      if (!ways.has(key)) ways.set(key, []);
      ways.get(key).push(`M${at.x(u).toFixed(1)} ${at.y(v).toFixed(1)}h0`);
    }
    for (const [key, way] of [...ways].sort()) inside.append(svg("path", { d: way.join(""), class: key }));
  }

  drawDensity(inside, at) {
    const cells = 56;
    const { x, y } = this.view;
    const widthX = (x[1] - x[0]) / cells;
    const widthY = (y[1] - y[0]) / cells;
    const values = [];
    for (let i = 0; i < cells; i += 1) {
      for (let j = 0; j < cells; j += 1) {
        const u = x[0] + (i + 0.5) * widthX;
        const v = y[0] + (j + 0.5) * widthY;
        values.push(this.parts.reduce((sum, part, c) => sum + this.fit.weights[c] * planeDensity(u, v, part), 0));
      }
    }
    const top = Math.max(...values);
    const ways = Array.from({ length: 9 }, () => []);
    values.forEach((value, place) => {
      const level = top > 0 ? Math.floor(9.999 * Math.sqrt(value / top)) : 0;
      if (level < 1) return;
      const left = at.x(x[0] + Math.floor(place / cells) * widthX).toFixed(1);
      const foot = at.y(y[0] + (place % cells) * widthY).toFixed(1);
      ways[level - 1].push(`M${left} ${foot}h${(widthX * at.across).toFixed(1)}v${(-widthY * at.up).toFixed(1)}h${(-widthX * at.across).toFixed(1)}Z`);
    });
    ways.forEach((way, level) => {
      if (way.length) inside.append(svg("path", { d: way.join(""), class: "density", opacity: 0.05 + 0.05 * level }));
    });
  }

  grid() {
    const [low, high] = this.view.x;
    const found = Array.from({ length: 401 }, (_, i) => low + ((high - low) * i) / 400);
    for (const part of this.parts) if (part.x > low && part.x < high) found.push(part.x);
    return found.sort((a, b) => a - b);
  }

  component1d(x, c) {
    if (!this.fit.covariances) return 0;
    return this.fit.weights[c] * normalDensity(x, this.parts[c].x, this.parts[c].covariance[0]);
  }

  total(x) {
    return this.parts.reduce((sum, _, c) => sum + this.component1d(x, c), 0);
  }

  histogram() {
    const [low, high] = this.view.x;
    const bins = 70;
    const counts = new Array(bins).fill(0);
    this.outside = 0;
    for (const value of this.rowsX) {
      const bin = Math.floor(((value - low) / (high - low)) * bins);
      if (bin >= 0 && bin < bins) counts[bin] += 1;
      else this.outside += 1;
    }
    const width = (high - low) / bins;
    return counts.map((count, i) => ({ left: low + i * width, width, height: count / (this.n * width) }));
  }

  highest() {
    let top = Math.max(...this.grid().map((x) => this.total(x)));
    if (this.rows && this.showRows) top = Math.max(top, ...this.histogram().map((bin) => bin.height));
    return top > 0 && Number.isFinite(top) ? top : 1;
  }

  drawLine(inside, over, at) {
    this.view.y = [0, this.highest() * 1.06];
    Object.assign(at, scales(this.view));
    if (this.rows && this.showRows) {
      for (const bin of this.histogram()) {
        const y = at.y(bin.height);
        inside.append(svg("rect", { x: at.x(bin.left), y, width: bin.width * at.across, height: at.y(0) - y, class: "histogram" }));
      }
    }
    if (this.fit.covariances) this.drawDensities(inside, at);
    this.drawMarks(inside, over, this.parts.map((part, c) => [at.x(part.x), at.y(this.component1d(part.x, c))]));
  }

  drawDensities(inside, at) {
    const grid = this.grid();
    const way = (value) => `M${grid.map((x) => `${at.x(x).toFixed(1)} ${at.y(value(x)).toFixed(1)}`).join("L")}`;
    this.parts.forEach((_, c) => {
      const d = way((x) => this.component1d(x, c));
      inside.append(svg("path", { d, class: `line ${this.tone(c)}${this.faded(c)}`, "data-component": c }));
    });
    inside.append(svg("path", { d: way((x) => this.total(x)), class: "line total" }));
  }

  drawMarks(inside, over, marks) {
    this.marks = marks;
    marks.forEach(([x, y], c) => {
      const shape = (this.fit.kinds && this.given.shapes[this.fit.kinds[c]]) || this.given.shapes.round;
      const picked = c === this.component ? " picked" : "";
      const attributes = { d: shape, transform: `translate(${x} ${y})`, "data-component": c };
      inside.append(svg("path", { ...attributes, class: `center ${this.tone(c)}${this.faded(c)}${picked}` }));
    });
    labelPlaces(marks, marks.map((_, c) => 8 * String(c).length + 4)).forEach((place, c) => {
      if (place === null) return;
      const fade = this.faded(c);
      if (place.led) over.append(svg("line", { x1: marks[c][0], y1: marks[c][1], x2: place.x, y2: place.y, class: `leader${fade}` }));
      over.append(svg("text", { x: place.x, y: place.y + 4.5, "text-anchor": "middle", class: `number${fade}` }, String(c)));
    });
  }

  // Where a pointer is, in the units of the drawing.
  pointer(event) {
    const box = this.stage.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * FRAME.width, ((event.clientY - box.top) / box.height) * FRAME.height];
  }

  grasp(event) {
    if (event.button !== 0 || event.pointerType === "touch") return;
    this.held = this.pointer(event);
  }

  pointed(event) {
    const [x, y] = this.pointer(event);
    if (this.held && event.buttons & 1) {
      const width = FRAME.width - FRAME.left - FRAME.right;
      const height = FRAME.height - FRAME.top - FRAME.bottom;
      this.move((this.held[0] - x) / width, (y - this.held[1]) / height);
      this.held = [x, y];
      return;
    }
    const near = this.marks.findIndex(([u, v]) => Math.hypot(u - x, v - y) < 10);
    if (near >= 0) this.tellComponent(near);
    else if (this.line || !this.rows || !this.showRows || !this.tellRow(x, y)) {
      const over = event.target.dataset && event.target.dataset.component;
      if (over !== undefined) this.tellComponent(Number(over));
      else this.tell(this.standing());
    }
  }

  tellRow(x, y) {
    let best = -1;
    let least = 36;
    for (let i = 0; i < this.n; i += 1) {
      const gap = (this.at.x(this.rowsX[i]) - x) ** 2 + (this.at.y(this.rowsY[i]) - y) ** 2;
      if (gap < least) {
        least = gap;
        best = i;
      }
    }
    this.stage.querySelectorAll(".pointed").forEach((one) => one.remove());
    if (best < 0) return false;
    const place = { cx: this.at.x(this.rowsX[best]), cy: this.at.y(this.rowsY[best]), r: 6, class: "pointed" };
    this.stage.append(svg("circle", place));
    const c = this.fit.labels[best];
    const values = this.given.columns.slice(0, 6).map((name, j) => `${name} ${readable(this.given.center[j] + this.given.scale[j] * this.rows[j][best])}`);
    const whose = c === NO_COMPONENT ? "the background" : `component ${c}${this.fit.kinds ? ` (${this.fit.kinds[c]})` : ""}`;
    this.tell(`A row of ${whose}: ${values.join(", ")}${this.d > 6 ? ", …" : ""}`);
    return true;
  }

  tellComponent(c) {
    if (c < 0) {
      this.tell(this.standing());
      return;
    }
    const values = this.given.columns.slice(0, 6).map((name, j) => {
      const mean = this.given.center[j] + this.given.scale[j] * this.fit.means[c * this.d + j];
      if (!this.fit.covariances) return `${name} ${readable(mean)}`;
      const variance = this.fit.covariances[c * ((this.d * (this.d + 1)) / 2) + triangle(j, j)];
      return `${name} ${readable(mean)} ± ${readable(this.given.scale[j] * Math.sqrt(variance), 3)}`;
    });
    const kind = this.fit.kinds ? `: ${this.fit.kinds[c]}` : "";
    this.tell(`Component ${c}${kind}, weight ${readable(this.fit.weights[c])}. ${values.join(", ")}${this.d > 6 ? ", …" : ""}`);
  }

  standing() {
    const parts = [];
    if (this.component >= 0) parts.push(`Component ${this.component} is picked out.`);
    if (this.rows && this.showRows && this.outside) {
      const lie = this.outside === 1 ? "lies" : "lie";
      parts.push(`${this.outside} of the ${this.n} rows drawn ${lie} outside the picture: zoom out to see more.`);
    }
    parts.push("Point at a component or a row; drag to move, Ctrl and the wheel zoom.");
    return parts.join(" ");
  }

  tell(words) {
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  wheeled(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const [x, y] = this.pointer(event);
    this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.at.backX(x), this.at.backY(y));
  }

  pressed(event) {
    const acts = {
      ArrowLeft: () => this.move(-0.1, 0),
      ArrowRight: () => this.move(0.1, 0),
      ArrowUp: () => this.move(0, 0.1),
      ArrowDown: () => this.move(0, -0.1),
      "+": () => this.zoom(0.7),
      "=": () => this.zoom(0.7),
      "-": () => this.zoom(1 / 0.7),
      0: () => this.reset(),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  }
}

document.querySelectorAll(".fit-picture").forEach((figure) => new FitPicture(figure));
