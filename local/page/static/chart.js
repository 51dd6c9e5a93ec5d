// Heart rate and RMSSD over time, each with its own scale, and the moments of events and calms.
const NS = "http://www.w3.org/2000/svg", LEFT = 44, RIGHT = 916, BANDS = { heart_rate: [16, 180], rmssd: [206, 300] };

function element(name, attributes, text) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function scale(values, least) {
  let low = Math.min(...values), high = Math.max(...values);
  const middle = (low + high) / 2;
  if (high - low < least) { low = middle - least / 2; high = middle + least / 2; }
  return [Math.max(0, low - (high - low) * 0.08), high + (high - low) * 0.08];
}

function band(svg, windows, field, x, least, unit) {
  const [top, bottom] = BANDS[field], known = windows.filter((w) => w[field] !== null);
  if (known.length === 0) return;
  const [low, high] = scale(known.map((w) => w[field]), least);
  const y = (value) => bottom - (value - low) / (high - low) * (bottom - top);
  for (const share of [0, 0.5, 1]) {
    const value = low + (high - low) * share;
    svg.append(element("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }),
      element("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(0)));
  }
  svg.append(element("text", { x: RIGHT + 6, y: top + 4 }, unit));
  // A gap in the beats is a gap in the line: nothing is drawn where nothing was measured.
  let path = "", last = null;
  for (const w of windows) {
    if (w[field] !== null) path += `${last !== null && w.at - last <= 30000 ? "L" : "M"}${x(w.at).toFixed(1)} ${y(w[field]).toFixed(1)}`;
    last = w[field] === null ? null : w.at;
  }
  svg.append(element("path", { class: field === "rmssd" ? "rmssd" : "hr", d: path }));
}

export function drawChart(svg, person) {
  svg.replaceChildren();
  const windows = person?.windows ?? [];
  if (windows.length < 2) return;
  const first = windows[0].at, last = windows.at(-1).at, x = (t) => LEFT + (t - first) / Math.max(1, last - first) * (RIGHT - LEFT);
  band(svg, windows, "heart_rate", x, 20, "/min");
  band(svg, windows, "rmssd", x, 20, "ms");
  for (let i = 0; i <= 6; i += 1) {
    const t = first + (last - first) * i / 6;
    svg.append(element("text", { x: x(t), y: 324, "text-anchor": "middle" }, new Date(t).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })));
  }
  for (const episode of person.episodes) {
    if (episode.raised < first || episode.raised > last + 60000) continue;
    svg.append(element("line", { class: "event", x1: x(episode.raised), x2: x(episode.raised), y1: 10, y2: 300 }));
    // The answer is a moment of the wall clock, the event one of the wearable's, which a replay runs faster: the calm
    // is drawn at the event; the list below shows its delay.
    if (episode.answered) svg.append(element("circle", { class: "calm", cx: x(episode.raised), cy: 10, r: 5 }));
  }
}
