// A value on the page of its field, on a published site: who looks for it, in which languages, and who leaves it out.
import { count, load, make, shown } from "./index.js";

const here = document.getElementById("value-here");
const wanted = new URLSearchParams(location.search).get("value");

const table = (rows, base) => {
  const made = make("table", "stacks");
  const head = made.createTHead().insertRow();
  for (const name of ["Rule", "Language", "Test"]) head.append(make("th", "", name));
  const body = made.createTBody();
  for (const [rule, op] of rows) {
    const row = body.insertRow();
    const title = row.insertCell();
    title.append(make("a", "", rule.title, { href: `${base}${rule.key}/` }), " ", make("span", "small faint", rule.source));
    const language = row.insertCell();
    language.textContent = shown("language", rule.language);
    language.dataset.label = "Language";
    const test = row.insertCell();
    test.append(make("code", "", op));
    test.dataset.label = "Test";
  }
  const box = make("div", "scroll card", "", { tabindex: "0" });
  box.append(made);
  return box;
};

const run = async () => {
  const [{ values }, rules] = await Promise.all([fetch("values.json").then((answer) => answer.json()), load(here.dataset.index)]);
  const byKey = new Map(rules.map((rule) => [rule.key, rule]));
  const sides = [new Map(), new Map()];
  for (const [value, op, negated, keys] of values) {
    if (value !== wanted && value !== wanted.toLowerCase()) continue;
    for (const key of keys) if (byKey.has(key)) sides[negated].set(key, sides[negated].has(key) ? `${sides[negated].get(key)}, ${op}` : op);
  }
  const rowsOf = (side) => [...side].map(([key, op]) => [byKey.get(key), op]);
  const languages = new Map();
  for (const key of sides[0].keys()) languages.set(byKey.get(key).language, (languages.get(byKey.get(key).language) ?? 0) + 1);
  const title = make("h2");
  title.append(make("code", "", wanted.trim() === wanted ? wanted : `“${wanted}”`));
  const told = [...languages].sort((a, b) => b[1] - a[1]).map(([name, number]) => `${shown("language", name)} ${count(number)}`).join(", ");
  here.append(title, make("p", "soft", `${count(sides[0].size)} rule${sides[0].size === 1 ? " looks" : "s look"} for it${told ? ` (${told})` : ""}; ${count(sides[1].size)} leave${sides[1].size === 1 ? "s" : ""} it out.`));
  if (sides[0].size) here.append(make("h3", "", "Rules that look for it"), table(rowsOf(sides[0]), here.dataset.rules));
  if (sides[1].size) here.append(make("h3", "", "Rules that leave it out"), table(rowsOf(sides[1]), here.dataset.rules));
  here.hidden = false;
};
if (here && wanted) run();
