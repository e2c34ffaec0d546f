"use strict";
// Numbers: packed ones unpacked, round ones for ticks, and what people read.

function unpacked(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const size = Kind.BYTES_PER_ELEMENT;
  const get = { 2: "getUint16", 4: "getFloat32", 8: "getFloat64" }[size];
  const found = new Kind(bytes.length / size);
  for (let i = 0; i < found.length; i += 1) found[i] = view[get](i * size, true);
  return found;
}

function readable(value, digits = 4) {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) >= 1e7 || Math.abs(value) < 1e-4)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return `${String(Number(mantissa)).replace("-", "−")}e${Number(exponent)}`;
  }
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

function roundNumbers(low, high, about) {
  const width = high - low;
  if (!(width > 0)) return [low];
  let step = 10 ** Math.floor(Math.log10(width / about));
  step *= [1, 2, 5].find((factor) => width / (step * factor) <= about) || 10;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i += 1) found.push(i * step);
  return found;
}

// A number of an axis, in as many digits as tell it from its neighbours.
function tickText(value, all) {
  const step = all.length > 1 ? all[1] - all[0] : Math.abs(value) || 1;
  const largest = Math.max(...all.map(Math.abs), step);
  const digits = Math.ceil(Math.log10(largest / step) - 1e-9) + 2;
  return Math.abs(value) < step * 1e-6 ? "0" : readable(value, Math.min(digits, 15));
}

// What lies at a share of the sorted numbers.
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))];
}
