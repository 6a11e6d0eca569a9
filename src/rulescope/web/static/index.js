// The list of all rules of a published site, as its pages' scripts use it: reading, filtering, counting, searching, cards.

export const SEVERITIES = ["critical", "high", "medium", "low", "informational"];
export const LANGUAGES = { sigma: "Sigma", kusto: "Kusto", eql: "EQL", esql: "ES|QL", lucene: "Lucene", kuery: "KQL (Kibana)", spl: "SPL", yaral: "YARA-L" };
const ALIASES = { lang: "language", level: "severity", attack: "technique", type: "kind" };
const WORDS = ["title", "description"];

export const make = (tag, className = "", content = "", attributes = {}) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (content) node.textContent = content;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};
export const count = (number) => number.toLocaleString("en");
export const shown = (kind, value) => kind === "language" ? LANGUAGES[value] ?? value : kind === "severity" ? value[0].toUpperCase() + value.slice(1) : value;

// The columns that have names become texts: one for a column that holds a place, a list for one that holds several.
export const load = async (address) => {
  const { columns, names, rules } = await (await fetch(address)).json();
  return rules.map((row) => {
    const rule = {};
    columns.forEach((column, at) => {
      const cell = row[at];
      if (!(column in names)) rule[column] = cell;
      else rule[column] = Array.isArray(cell) ? cell.map((place) => names[column][place]) : names[column][cell] ?? "";
    });
    return rule;
  });
};

const listOf = (rule, kind) => { const value = rule[kind]; return Array.isArray(value) ? value : value ? [value] : []; };
export const has = (rule, kind, values) => listOf(rule, kind).some((each) => values.has(each));

// kind -> rules that have each value, among those that all filters of other kinds leave.
export const counted = (rules, filters, kind) => {
  const others = [...filters].filter(([each]) => each !== kind);
  const found = new Map();
  for (const rule of rules) {
    if (!others.every(([each, values]) => has(rule, each, values))) continue;
    for (const value of listOf(rule, kind)) found.set(value, (found.get(value) ?? 0) + 1);
  }
  for (const value of filters.get(kind) ?? []) if (!found.has(value)) found.set(value, 0);
  return [...found].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
};

// ---- what was typed: words, "phrases", kind:value, AND OR NOT -x, parentheses; the grammar of the served search
const TOKEN = /\s*(?:(\()|(\))|(-(?=[^\s)]))|([A-Za-z_@$][\w.@$-]*):(>=|<=|>|<|=)?(?:"([^"]*)"?|([^\s()"]+))|"([^"]*)"?|([^\s()"]+))/y;
export const understood = (text) => {
  const tokens = [];
  TOKEN.lastIndex = 0;
  for (let match; tokens.length < 50 && (match = TOKEN.exec(text)); ) {
    const [, open, close, minus, field, compare, quoted, value, phrase, word] = match;
    tokens.push({ open, close, minus, field, compare: compare ?? "", value: quoted ?? value ?? "", phrase, word });
  }
  let at = 0;
  const words = [];
  const is = (...names) => at < tokens.length && names.includes(tokens[at].word);
  const alternatives = () => {
    const terms = [together()];
    while (is("OR", "|", "||")) { at += 1; if (at < tokens.length && !tokens[at].close) terms.push(together()); }
    return (rule) => terms.some((term) => term(rule));
  };
  const together = () => {
    const terms = [];
    while (at < tokens.length && !tokens[at].close && !is("OR", "|", "||")) {
      if (is("AND", "&", "&&")) at += 1;
      else terms.push(single());
    }
    return (rule) => terms.every((term) => term(rule));
  };
  const single = () => {
    const token = tokens[at++];
    if (token.minus || token.word === "NOT" || token.word === "!") {
      if (at >= tokens.length || tokens[at].close) return () => true;
      const before = words.length;
      const term = single();
      words.length = before;  // what is left out is not marked
      return (rule) => !term(rule);
    }
    if (token.open) {
      const inner = alternatives();
      if (at < tokens.length && tokens[at].close) at += 1;
      return inner;
    }
    if (token.field) return fieldTest(token.field.toLowerCase(), token.compare, token.value.toLowerCase());
    const low = (token.phrase ?? token.word ?? "").toLowerCase().replace(/\*+$/, "");
    if (!low) return () => true;
    words.push(low);
    return (rule) => textOf(rule).includes(low);
  };
  const parts = [];
  while (at < tokens.length) { parts.push(alternatives()); if (at < tokens.length) at += 1; }
  return { fits: (rule) => parts.every((part) => part(rule)), words };
};
const texts = new WeakMap();
const textOf = (rule) => {
  if (!texts.has(rule)) texts.set(rule, [rule.title, rule.description, rule.key, rule.technique, rule.table, rule.field, rule.event, rule.topic, rule.platform, rule.tactic, rule.source, rule.language].flat().join("\n").toLowerCase());
  return texts.get(rule);
};
const fieldTest = (name, compare, value) => {
  const kind = ALIASES[name] ?? name;
  if (kind === "severity" && /[<>]/.test(compare)) {
    const wanted = SEVERITIES.indexOf(value);
    return (rule) => {
      const place = SEVERITIES.indexOf(rule.severity);
      if (wanted < 0 || place < 0) return false;
      return compare === ">" ? place < wanted : compare === ">=" ? place <= wanted : compare === "<" ? place > wanted : place >= wanted;
    };
  }
  if (WORDS.includes(kind)) return (rule) => rule[kind].toLowerCase().includes(value.replace(/\*/g, ""));
  const pattern = new RegExp(`^${value.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`);
  return (rule) => {
    if (!(kind in rule)) return textOf(rule).includes(value);
    return listOf(rule, kind).some((each) => {
      const low = each.toLowerCase();
      return pattern.test(low) || (kind === "technique" && low.startsWith(`${value}.`)) || (kind === "event" && low.endsWith(`/${value}`)) || (kind === "tactic" && low.replace(/[^a-z]/g, "") === value.replace(/[^a-z]/g, ""));
    });
  };
};

// The rule that would stand first: its title has the words, begins with them, is short; newest of equals.
export const ranked = (rules, words) => {
  if (!words.length) return rules;
  const score = (rule) => {
    const title = rule.title.toLowerCase();
    return words.reduce((sum, word) => sum + (title.includes(word) ? 10 + (title.startsWith(word) ? 5 : 0) - title.length / 200 : 0), 0);
  };
  return rules.map((rule, place) => [score(rule), place, rule]).sort((a, b) => b[0] - a[0] || a[1] - b[1]).map(([, , rule]) => rule);
};

// ---- a word nobody wrote: the nearest that titles have
const apart = (one, other, most) => {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      let best = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) best = Math.min(best, before[j - 2] + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[other.length];
};
export const nearest = (rules, word) => {
  if (word.length < 4 || word.length > 30) return "";
  const most = word.length < 6 ? 1 : 2;
  const known = new Map();
  for (const rule of rules) for (const each of new Set(rule.title.toLowerCase().match(/[a-z][a-z0-9]{3,29}/g))) known.set(each, (known.get(each) ?? 0) + 1);
  let best = "";
  let least = [most + 1, 0];
  for (const [each, rules_] of known) {
    const distance = apart(word, each, most);
    if (rules_ > 1 && distance > 0 && distance <= most && (distance < least[0] || (distance === least[0] && rules_ > least[1]))) { best = each; least = [distance, rules_]; }
  }
  return best;
};

// ---- a rule in a list, as the pages made by the server show it
const marked = (text, words) => {
  const node = document.createDocumentFragment();
  const low = text.toLowerCase();
  let from = 0;
  while (from < text.length) {
    const hits = words.map((word) => [low.indexOf(word, from), word.length]).filter(([place]) => place >= 0).sort((a, b) => a[0] - b[0] || b[1] - a[1]);
    if (!hits.length || low.length !== text.length) break;
    const [place, length] = hits[0];
    node.append(text.slice(from, place), make("mark", "", text.slice(place, place + length)));
    from = place + length;
  }
  node.append(text.slice(from));
  return node;
};
export const card = (rule, base, words = []) => {
  const article = make("article", "card rule-card");
  const head = make("div", "spread");
  const title = make("h2");
  const link = make("a");
  link.append(marked(rule.title, words));
  link.href = `${base}${rule.key}/`;
  title.append(link);
  head.append(title);
  if (SEVERITIES.includes(rule.severity)) head.append(make("span", `badge sev-${rule.severity}`, shown("severity", rule.severity)));
  article.append(head);
  if (rule.description) { const about = make("p", "about"); about.append(marked(rule.description, words)); article.append(about); }
  const chips = make("div", "row");
  chips.append(make("span", "chip", shown("language", rule.language)));
  if (rule.fires !== "untested") chips.append(make("span", `badge v-${rule.fires}`, rule.fires));
  if (rule.verdict !== "untested") chips.append(make("span", `badge v-${rule.verdict}`, `Kusto ${rule.verdict}`));
  if (rule.forwards) chips.append(make("span", "chip", "vendor alert feed"));
  for (const name of [...rule.technique.slice(0, 4), ...rule.table.slice(0, 3)]) { const chip = make("span", "chip"); chip.append(make("code", "", name)); chips.append(chip); }
  const about = [rule.source, rule.topic.slice(0, 2).join(", "), rule.platform.slice(0, 2).join(", "), rule.time, rule.alike ? `${rule.alike} near cop${rule.alike === 1 ? "y" : "ies"}` : ""];
  article.append(chips, make("p", "meta", about.filter(Boolean).join(" · ")));
  return article;
};
