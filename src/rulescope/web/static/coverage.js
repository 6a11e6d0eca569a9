// The ATT&CK matrix of a published site, counted again for the language, source, table and platform one chooses.
import { count, counted, has, load, shown } from "./index.js";

const matrix = document.getElementById("matrix");
const form = document.querySelector("[data-part=choose]");
const lead = document.querySelector("[data-part=lead]");
const layer = document.querySelector("a[download]");
const KINDS = [...form.elements].map((select) => select.name).filter(Boolean);
const MOST = 60;
const cells = [...matrix.querySelectorAll("a.cell")].map((node) => ({ node, id: node.dataset.id, below: (node.dataset.below ?? "").split(" ").filter(Boolean) }));
const heat = (rules, most) => rules <= 0 || most <= 0 ? 0 : most === 1 ? 6 : Math.max(1, Math.min(6, 1 + Math.trunc((5 * Math.log(rules)) / Math.log(most))));
const part = (node, name) => node.querySelector(`[data-part=${name}]`);

const start = () => {
  const pairs = new URLSearchParams(location.search);
  const filters = new Map();
  for (const kind of KINDS) {
    const value = pairs.get(kind) || matrix.dataset[kind];
    if (value) filters.set(kind, new Set([value]));
  }
  return filters;
};

const show = (rules, filters) => {
  const chosen = rules.filter((rule) => [...filters].every(([kind, values]) => has(rule, kind, values)));
  const claimed = new Map();
  const verified = new Map();
  for (const rule of chosen) {
    for (const id of rule.technique) {
      claimed.set(id, (claimed.get(id) ?? 0) + 1);
      if (rule.fires === "fires") verified.set(id, (verified.get(id) ?? 0) + 1);
    }
  }
  // a technique stands in the column of each of its tactics and counts once, by the id this version has for it
  const ids = new Map();
  for (const { node, id, below } of cells) {
    ids.set(node.querySelector("b span").textContent, id);
    below.forEach((each, at) => ids.set(`${node.querySelector("b span").textContent}/${at}`, each));
  }
  const all = [...ids.values()];
  const most = Math.max(0, ...all.map((id) => claimed.get(id) ?? 0));
  for (const { node, id, below } of cells) {
    const rules_ = claimed.get(id) ?? 0;
    node.className = `cell heat-${heat(rules_, most)}`;
    part(node, "claimed").textContent = count(rules_);
    part(node, "verified").textContent = verified.get(id) ? `✓ ${count(verified.get(id))}` : "";
    if (below.length) part(node, "below").textContent = below.filter((each) => claimed.get(each)).length;
  }
  for (const column of matrix.querySelectorAll("section")) {
    const own = [...column.querySelectorAll("a.cell")].map((node) => node.dataset.id);
    const fired = own.filter((id) => verified.get(id)).length;
    part(column, "column").textContent = `${own.filter((id) => claimed.get(id)).length} of ${own.length}${fired ? `, ${fired} verified` : ""}`;
  }
  const fired = all.filter((id) => verified.get(id)).length;
  lead.textContent = `${count(all.filter((id) => claimed.get(id)).length)} of ${count(all.length)} techniques are claimed by at least one of ${count(chosen.length)} rules${fired ? `; ${count(fired)} ${fired === 1 ? "is" : "are"} verified: a rule for it fired on an event` : ""}.`;
  document.querySelector("[data-part=most]").textContent = count(most);
  exported(filters, claimed, verified, ids, most);
};

// the layer of what is shown, in the form of the one that was published
let published = null;
const exported = async (filters, claimed, verified, ids, most) => {
  if (!filters.size) { layer.href = layer.dataset.whole ?? layer.href; return; }
  layer.dataset.whole ??= layer.href;
  published ??= await (await fetch(layer.dataset.whole)).json();
  const techniques = published.techniques
    .map((each) => ({ ...each, now: claimedAs.get(each.techniqueID) ?? each.techniqueID }))
    .filter(({ now, showSubtechniques }) => claimed.get(now) || showSubtechniques)
    .map(({ now, score, comment, ...rest }) => claimed.get(now) ? { ...rest, score: claimed.get(now), comment: `${claimed.get(now)} rules, ${verified.get(now) ?? 0} of them fired on an event` } : rest);
  const made = { ...published, description: [...filters].map(([kind, values]) => `${kind} ${[...values]}`).join(", "), techniques, gradient: { ...published.gradient, maxValue: Math.max(1, most) } };
  URL.revokeObjectURL(layer.href);
  layer.href = URL.createObjectURL(new Blob([JSON.stringify(made, null, 2)], { type: "application/json" }));
};
const claimedAs = new Map(cells.map(({ node, id }) => [node.querySelector("b span").textContent, id]));

load(matrix.dataset.index).then((all) => {
  const rules = all.filter((rule) => !rule.forwards);
  let filters = start();
  for (const kind of KINDS) {
    const select = form.elements[kind];
    const values = counted(rules, new Map(), kind).slice(0, MOST);
    const chosen = [...(filters.get(kind) ?? [])][0];
    if (chosen && !values.some(([value]) => value === chosen)) values.push([chosen, counted(rules, new Map(), kind).find(([value]) => value === chosen)?.[1] ?? 0]);
    for (const [value, rules_] of values) select.append(new Option(`${shown(kind, value)} (${count(rules_)})`, value, value === chosen, value === chosen));
    select.disabled = false;
  }
  form.addEventListener("change", () => {
    const pairs = KINDS.map((kind) => [kind, form.elements[kind].value]).filter(([, value]) => value);
    filters = new Map(pairs.map(([kind, value]) => [kind, new Set([value])]));
    history.replaceState(null, "", pairs.length ? `?${new URLSearchParams(pairs)}` : location.pathname);
    show(rules, filters);
  });
  if (filters.size) show(rules, filters);
});
