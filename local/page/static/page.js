// Draws each view the server sends. All state is the last view and the person chosen.
import { drawChart } from "./chart.js";

const byId = (id) => document.getElementById(id);
let stream, chosen = null, lastMessageAt = 0;

function listen(user) {
  stream?.close();
  stream = new EventSource("views" + (user ? "?user=" + encodeURIComponent(user) : ""));
  stream.onmessage = (message) => { lastMessageAt = Date.now(); showAge(); draw(JSON.parse(message.data)); };
}

function cell(text, kind = "") {
  const td = document.createElement("td");
  td.textContent = text; td.className = kind;
  return td;
}

function table(id, heads, rows) {
  const head = document.createElement("tr");
  head.append(...heads.map((text) => Object.assign(document.createElement("th"), { textContent: text })));
  const body = rows.map((cells) => { const tr = document.createElement("tr"); tr.append(...cells); return tr; });
  byId(id).replaceChildren(head, ...body);
}

const healthy = (status) => ["available", "active"].includes(status.toLowerCase());
const isReady = (item) => item.conditions.some((c) => c.type === "Ready" && c.status === "True");

function drawChain(platform, view) {
  const kind = (name) => platform.resources.filter((r) => r.kind === name);
  const service = (name) => platform.custom_resources.filter((c) => c.name === name);
  const all = (items, test) => items.length > 0 && items.every(test);
  const links = [
    ["cluster", all(kind("EKS"), (r) => healthy(r.status))],
    ["ingest", all(service("ingest"), isReady)],
    ["Kafka", all(kind("MSK"), (r) => healthy(r.status))],
    ["dataflow", all(platform.custom_resources.filter((c) => c.kind === "BioStream"), isReady)],
    ["store", view.store === ""],
    ["recommend", all(service("recommend"), isReady)],
  ];
  byId("chain").replaceChildren(...links.map(([text, good]) =>
    Object.assign(document.createElement("li"), { textContent: text, className: good ? "good" : "bad" })));
}

function drawPlatform(platform) {
  byId("problems").hidden = platform.problems.length === 0;
  byId("problems").textContent = platform.problems.join("; ");
  table("resources", ["region", "kind", "name", "status", "endpoint"], platform.resources.map((r) => [
    cell(r.region), cell(r.kind), cell(r.name), cell(r.status, healthy(r.status) ? "good" : "wait"), cell(r.endpoint, "soft")]));
  table("custom", ["kind", "name", "ready", "conditions"], platform.custom_resources.map((c) => {
    const ready = c.conditions.find((x) => x.type === "Ready");
    const others = c.conditions.filter((x) => x.type !== "Ready").map((x) => `${x.type} ${x.status}`).join(" · ");
    const good = ready?.status === "True";
    return [cell(c.kind), cell(c.name), cell(good ? "Ready" : "not ready", good ? "good" : "wait"),
      cell((good ? others : (ready?.message || "not reconciled by an operator yet")) + (c.lag ? ` · lag ${c.lag}` : ""), "soft")];
  }));
  table("pods", ["pod", "node", "phase", "restarts", ""], platform.pods.map((p) => [
    cell(p.name), cell(p.node, "soft"), cell(p.ready ? "Ready" : p.phase, p.ready ? "good" : p.phase === "Succeeded" ? "soft" : "wait"),
    cell(String(p.restarts)), cell(p.reason, "bad")]));
}

const MARKS = { done: "good", skipped: "soft", paused: "bad", asks: "wait", acts: "wait", looks: "wait" };

function drawExecution(execution) {
  byId("execution").hidden = !execution;
  if (!execution) return;
  byId("plan").textContent = `${execution.plan}: ${execution.giving} to ${execution.taking}`;
  const recovered = execution.recovery_s !== null;
  const seconds = recovered ? execution.recovery_s : execution.elapsed_s;
  byId("elapsed").textContent = `${recovered ? "people were served after" : "elapsed"} ${seconds.toFixed(0)} s of ${execution.rto_s.toFixed(0)} s · ${execution.name}`;
  Object.assign(byId("against-rto"), { max: execution.rto_s, value: Math.min(seconds, execution.rto_s), className: seconds > execution.rto_s ? "late" : "" });
  byId("stands").textContent = [execution.state, execution.text].filter(Boolean).join(": ");
  byId("stands").className = execution.state === "pausedByFailedStep" ? "bad" : execution.state === "execution completed" ? "good" : "";
  table("steps", ["step", "", "after", ""], execution.steps.map((step) => [
    cell(step.title), cell(step.state, MARKS[step.state] ?? "soft"), cell(step.seconds === null ? "" : `${step.seconds.toFixed(1)} s`), cell(step.text, "soft")]));
}

function drawPeople(view) {
  const select = byId("people"), user = view.person?.user ?? "";
  const names = user && !view.people.includes(user) ? [user, ...view.people] : view.people;
  const listed = [...select.options].map((o) => o.value);
  if (listed.join() !== names.join() && document.activeElement !== select) {
    select.replaceChildren(...names.map((name) => new Option(name, name)));
  }
  if (document.activeElement !== select) select.value = user;
  const last = view.person?.windows.at(-1);
  byId("now").textContent = view.store ? `nothing to show: ${view.store}` : !last ? "no user has streamed yet: aura wearables"
    : `${last.heart_rate?.toFixed(0) ?? "–"} beats/min, RMSSD ${last.rmssd?.toFixed(0) ?? "–"} ms, ${Math.round((last.quality ?? 0) * 100)} % usable`;
  const clock = (t) => new Date(t).toLocaleTimeString();
  byId("episodes").replaceChildren(...(view.person?.episodes ?? []).slice(-6).map((e) =>
    Object.assign(document.createElement("li"), { textContent: `${clock(e.raised)} stress: ${e.heart_rate?.toFixed(0)} over a baseline of ${e.baseline?.toFixed(0)}; `
      + (e.answered ? `calm after ${e.seen_after_ms} ms` : "no response yet") })));
}

function draw(view) {
  if (view.platform) { drawPlatform(view.platform); drawChain(view.platform, view); }
  drawExecution(view.execution);
  drawPeople(view);
  drawChart(byId("chart"), view.person);
}

byId("people").addEventListener("change", (event) => { chosen = event.target.value; event.target.blur(); listen(chosen); });
function showAge() {
  const age = Math.round((Date.now() - lastMessageAt) / 1000);
  byId("connection").textContent = !lastMessageAt ? "connecting" : age < 5 ? "live" : `no update for ${age} s: is the platform up?`;
}
setInterval(showAge, 1000);
listen(chosen);
