// Search of a published site, which has no server to ask: reads the list of all rules, shows those that fit the address.
"use strict";
(() => {
  const here = document.getElementById("search-here");
  if (!here) return;
  const PAGE = 50;
  const SEVERITIES = ["critical", "high", "medium", "low", "informational"];
  const part = (name) => here.querySelector(`[data-part=${name}]`);
  const asked = new URLSearchParams(location.search);
  const text = (asked.get("q") ?? "").trim();
  const field = document.getElementById("q");
  if (field) field.value = text;

  const make = (tag, className, content) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (content) node.textContent = content;
    return node;
  };

  // words that stand anywhere in a rule's row; kind:value narrows by a column, a leading minus leaves out
  const wanted = (columns) => {
    const tests = [];
    for (const [, minus, kind, quoted, plain] of text.matchAll(/(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))/g)) {
      const value = (quoted ?? plain ?? "").toLowerCase();
      if (!value || /^(and|or)$/i.test(value)) continue;
      const column = kind ? columns.indexOf(kind) : -1;
      tests.push({ column, value: kind && column < 0 ? `${kind}:${value}` : value, not: minus === "-" });
    }
    return tests;
  };
  const holds = (row, column, value, whole) => {
    const cell = row[column];
    const cells = Array.isArray(cell) ? cell : [cell];
    return cells.some((each) => { const low = String(each).toLowerCase(); return whole ? low === value : low.includes(value); });
  };

  const card = (row, at) => {
    const article = make("article", "card rule-card");
    const head = make("div", "spread");
    const title = make("h2");
    const link = make("a", "", row[at.title]);
    link.href = `${here.dataset.rules}${row[at.key]}/`;
    title.append(link);
    head.append(title);
    if (SEVERITIES.includes(row[at.severity])) {
      head.append(make("span", `badge sev-${row[at.severity]}`, row[at.severity][0].toUpperCase() + row[at.severity].slice(1)));
    }
    article.append(head);
    if (row[at.description]) article.append(make("p", "about", row[at.description]));
    const chips = make("div", "row");
    for (const name of [row[at.language], ...row[at.technique].slice(0, 4), ...row[at.table].slice(0, 3)]) chips.append(make("span", "chip", name));
    article.append(chips, make("p", "meta", [row[at.source], row[at.time]].filter(Boolean).join(" · ")));
    return article;
  };

  const run = ({ columns, rules }) => {
    const at = Object.fromEntries(columns.map((name, number) => [name, number]));
    const filters = new Map();
    for (const [kind, value] of asked) {
      if (kind !== "q" && kind in at && value) filters.set(kind, [...(filters.get(kind) ?? []), value]);
    }
    const tests = wanted(columns);
    const found = rules.filter((row) =>
      [...filters].every(([kind, values]) => values.some((value) => holds(row, at[kind], value.toLowerCase() === "untested" && !row[at[kind]] ? "" : value.toLowerCase(), true))) &&
      tests.every(({ column, value, not }) => not !== (column < 0 ? row.some((_, number) => holds(row, number, value, false)) : holds(row, column, value, false))) &&
      (filters.has("forwards") || text || !row[at.forwards]));
    part("status").textContent = `${found.length.toLocaleString("en")} rule${found.length === 1 ? "" : "s"}${text ? ` for ${text}` : ""}`;
    for (const [kind, values] of filters) {
      for (const value of values) {
        const rest = new URLSearchParams([...asked].filter(([each, chosen]) => each !== kind || chosen !== value));
        const chip = make("a", "chip", `${kind}: ${value} ✕`);
        chip.href = `?${rest}`;
        chip.setAttribute("aria-label", `Remove the filter ${kind}: ${value}`);
        part("filters").append(chip);
      }
    }
    let shown = 0;
    const more = () => {
      part("results").append(...found.slice(shown, shown + PAGE).map((row) => card(row, at)));
      shown += PAGE;
      part("more").hidden = shown >= found.length;
    };
    part("more").addEventListener("click", more);
    more();
    const listed = new Set(found.map((row) => row[at.key]));
    if (!found.length) part("results").append(make("p", "empty", "No rule matches. Remove a filter, or search for fewer words."));
    return listed;
  };

  // full text of the pages, when the site was published with pagefind
  const deep = async (listed) => {
    if (!here.dataset.pagefind || !text || /\w:\S/.test(text)) return;
    const pagefind = await import(here.dataset.pagefind).catch(() => null);
    const { results = [] } = (await pagefind?.search(text)) ?? {};
    const further = (await Promise.all(results.slice(0, 40).map((each) => each.data()))).filter(({ url }) => !listed.has(url.split("/").at(-2)));
    if (!further.length) return;
    const section = make("section", "stack");
    section.append(make("h2", "", "In the text of rules"));
    for (const result of further.slice(0, 20)) {
      const article = make("article", "card rule-card");
      const title = make("h2");
      const link = make("a", "", result.meta?.title ?? result.url);
      link.href = result.url;
      title.append(link);
      article.append(title);
      section.append(article);
    }
    here.append(section);
  };

  fetch(here.dataset.index)
    .then((answer) => answer.json())
    .then(run)
    .then(deep)
    .catch(() => { part("status").textContent = "The list of rules could not be read. Open the site through a web server, not as a file."; });
})();
