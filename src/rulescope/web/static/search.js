// Search and filters of a published site, which has no server to ask: the list of all rules, narrowed as one types or chooses.
import { SEVERITIES, card, count, counted, has, load, make, nearest, ranked, shown, understood } from "./index.js";

const here = document.getElementById("search-here");
const FACETS = [["language", "Language"], ["source", "Source"], ["severity", "Severity"], ["tactic", "Tactic"], ["technique", "Technique"], ["topic", "Topic"], ["platform", "Platform"], ["table", "Table"], ["event", "Event"], ["field", "Field"], ["verdict", "Translation"], ["fires", "On events"], ["test", "Test event"]];
const NAMES = { ...Object.fromEntries(FACETS), forwards: "Vendor alert feed", kind: "Kind", status: "Status" };
const PAGE = 50;
const FIRST = 12;
const OPEN = 4;
const part = (name) => here.querySelector(`[data-part=${name}]`);
const box = document.getElementById("q");
const asked = () => new URLSearchParams(location.search);
const filtersOf = (pairs) => {
  const filters = new Map();
  for (const [kind, value] of pairs) if (kind in NAMES && value) filters.set(kind, (filters.get(kind) ?? new Set()).add(value));
  return filters;
};
const addressWith = (pairs, kind, value) => {
  const kept = [...pairs].filter(([each, chosen]) => each !== kind || chosen !== value);
  if (kept.length === [...pairs].length) kept.push([kind, value]);
  return `?${new URLSearchParams(kept)}`;
};
const deep = { text: "", more: [] };  // what the full text of pages has, when the site was published with it

const facet = (rules, pairs, filters, [kind, label], number, expanded, opened) => {
  const values = counted(rules, filters, kind);
  if (!values.length) return null;
  const chosen = filters.get(kind) ?? new Set();
  if (kind === "severity") values.sort((a, b) => SEVERITIES.indexOf(a[0]) - SEVERITIES.indexOf(b[0]));
  else values.sort((a, b) => chosen.has(b[0]) - chosen.has(a[0]));
  const group = make("details", "facet-group", "", { id: `facet-${kind}` });
  group.open = opened.get(kind) ?? (number < OPEN || chosen.size > 0 || expanded === kind);
  group.append(make("summary", "", label));
  for (const [value, rules_] of expanded === kind ? values : values.slice(0, FIRST)) {
    const link = make("a", "facet", "", { href: addressWith(pairs, kind, value), rel: "nofollow" });
    if (chosen.has(value)) link.setAttribute("aria-current", "true");
    link.append(make("span", "", shown(kind, value)), make("span", "number", count(rules_)));
    group.append(link);
  }
  if (values.length > FIRST) {
    const rest = [...pairs].filter(([each]) => each !== "all");
    const more = make("a", "facet-more small", expanded === kind ? "show fewer" : `${count(values.length - FIRST)} more`, { href: `?${new URLSearchParams(expanded === kind ? rest : [...rest, ["all", kind]])}` });
    more.append(make("span", "visually-hidden", ` of ${label}`));
    group.append(more);
  }
  return group;
};

const run = (all) => {
  const pairs = [...asked()];
  const text = (asked().get("q") ?? "").trim();
  const filters = filtersOf(pairs);
  const { fits, words } = understood(text);
  const chosen = (rule) => [...filters].every(([kind, values]) => has(rule, kind, values));
  const fitting = all.filter(fits);
  const shownRules = filters.has("forwards") ? fitting : fitting.filter((rule) => !rule.forwards);
  const found = ranked(shownRules.filter(chosen), words);
  const families = new Set();
  const heads = text ? found : found.filter((rule) => !rule.family || (!families.has(rule.family) && families.add(rule.family)));

  const status = part("status");
  status.textContent = `${count(found.length)} rule${found.length === 1 ? "" : "s"}`;
  if (text) status.append(" for ", make("b", "", text));
  if (heads.length < found.length) status.append(make("span", "faint", ` · ${count(found.length - heads.length)} near cop${found.length - heads.length === 1 ? "y" : "ies"} behind newer ones`));
  const hidden = filters.has("forwards") ? 0 : fitting.filter((rule) => rule.forwards && chosen(rule)).length;
  if (hidden) {
    const note = make("span", "faint", ` · ${count(hidden)} vendor alert feed${hidden === 1 ? " is" : "s are"} left out, `);
    note.append(make("a", "", "show", { href: addressWith(pairs, "forwards", "yes") }));
    status.append(note);
  }
  part("filters").replaceChildren(...[...filters].flatMap(([kind, values]) => [...values].map((value) =>
    make("a", "chip", `${NAMES[kind]}: ${shown(kind, value)} ✕`, { href: addressWith(pairs, kind, value), "aria-label": `Remove the filter ${NAMES[kind]}: ${shown(kind, value)}` }))));

  const opened = new Map([...part("facets").querySelectorAll("details")].map((group) => [group.id.slice(6), group.open]));
  const expanded = asked().get("all") ?? "";
  part("facets").replaceChildren(...FACETS.map((each, number) => facet(shownRules, pairs, filters, each, number, expanded, opened)).filter(Boolean));

  part("scope").hidden = !text || "pagefind" in here.dataset;
  const suggestions = part("suggestions");
  const missing = found.length ? [] : words.filter((word) => !all.some((rule) => rule.title.toLowerCase().includes(word)));
  const meant = missing.map((word) => [word, nearest(all, word)]).filter(([, near]) => near).slice(0, 3);
  suggestions.hidden = !meant.length;
  suggestions.replaceChildren("Did you mean ", ...meant.map(([word, near]) => {
    const rest = pairs.map(([kind, value]) => kind === "q" ? [kind, value.replace(new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i"), () => near)] : [kind, value]);
    return make("a", "", near, { href: `?${new URLSearchParams(rest)}` });
  }), "?");

  const results = part("results");
  let listed = 0;
  const more = () => {
    results.append(...heads.slice(listed, listed + PAGE).map((rule) => card(rule, here.dataset.rules, words)));
    listed += PAGE;
    part("more").hidden = listed >= heads.length;
  };
  results.replaceChildren();
  part("more").onclick = more;
  more();
  if (!found.length) results.append(make("p", "empty", "No rule matches. Remove a filter, or search for fewer words."));
  searchText(text, new Set(found.map((rule) => rule.key)), new Map(all.map((rule) => [rule.key, rule])), words);
};

const searchText = async (text, listed, byKey, words) => {
  const section = part("deep");
  deep.text = text;
  section.replaceChildren();
  if (!here.dataset.pagefind || !text || /\w:\S/.test(text)) return;
  const pagefind = await import(here.dataset.pagefind).catch(() => null);
  const { results = [] } = (await pagefind?.search(text)) ?? {};
  const pages = await Promise.all(results.slice(0, 40).map((each) => each.data()));
  if (deep.text !== text) return;  // typed on meanwhile
  const further = pages.map(({ url }) => byKey.get(url.split("/").at(-2))).filter((rule) => rule && !listed.has(rule.key)).slice(0, 20);
  if (further.length) section.append(make("h2", "", "In the text of rules"), ...further.map((rule) => card(rule, here.dataset.rules, words)));
};

load(here.dataset.index).then((all) => {
  const again = () => run(all);
  const go = (address) => { history.pushState(null, "", address); box.value = asked().get("q") ?? ""; again(); };
  box.value = asked().get("q") ?? "";
  addEventListener("popstate", () => { box.value = asked().get("q") ?? ""; again(); });
  here.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='?']");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); go(link.getAttribute("href")); here.querySelector("h1").scrollIntoView({ block: "nearest" }); }
  });
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const rest = [...asked()].filter(([kind]) => kind !== "q");
      history.replaceState(null, "", `?${new URLSearchParams(box.value.trim() ? [["q", box.value.trim()], ...rest] : rest)}`);
      again();
    }, 120);
  });
  box.form.addEventListener("submit", (event) => { event.preventDefault(); box.dispatchEvent(new Event("input")); });
  again();
}).catch(() => { part("status").textContent = "The list of rules could not be read. Open the site through a web server, not as a file."; });
