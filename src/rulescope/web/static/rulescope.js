// What pages do beyond plain HTML: theme, copying, suggestions as you type, one key. Every page works without it.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (stored === "dark" || stored === "light") root.dataset.theme = stored;
  for (const button of document.querySelectorAll("[data-action=theme]")) {
    button.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a private window keeps no theme */ }
    });
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
      const label = button.textContent;
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; } catch { button.textContent = "Select and copy by hand"; }
      setTimeout(() => { button.textContent = label; }, 1600);
    });
  }

  const box = document.querySelector("[data-suggest], #q[data-index]");
  const list = document.getElementById("suggestions");
  let latest = 0;
  let waiting = 0;
  const close = () => { list.hidden = true; list.replaceChildren(); };
  const show = (rules) => {
    list.replaceChildren(...rules.map((rule) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = rule.href;
      link.textContent = rule.title;
      item.append(link);
      return item;
    }));
    list.hidden = rules.length === 0;
  };
  document.addEventListener("keydown", (event) => {
    const field = document.getElementById("q");
    if (event.key === "/" && field && !event.ctrlKey && !event.metaKey && !event.target.matches("input, textarea, select")) {
      event.preventDefault();
      field.focus();
    }
  });
  // a published site has no server to ask: the list of all rules is read when one begins to type
  let rules = null;
  const fromList = async (text) => {
    const index = await import("./index.js");
    rules ??= index.load(box.dataset.index);
    const { fits, words } = index.understood(text);
    const found = index.ranked((await rules).filter((rule) => !rule.forwards && fits(rule)), words);
    return found.slice(0, 8).map((rule) => ({ title: rule.title, href: `${box.dataset.rules}${rule.key}/` }));
  };
  const fromServer = async (text) => {
    const answer = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(text)}`);
    return answer.ok ? (await answer.json()).results : [];
  };
  if (box && list && !document.getElementById("search-here")) {
    const ask = async () => {
      const mine = ++latest;
      const text = box.value.trim();
      if (text.length < 2) return close();
      const found = await (box.dataset.suggest ? fromServer(text) : fromList(text)).catch(() => []);
      if (mine === latest) show(found);
    };
    box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 90); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { if (list.contains(document.activeElement)) box.focus(); latest += 1; close(); }
      if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        const links = [...list.querySelectorAll("a")];
        const next = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
        (links[next] ?? box).focus();
        event.preventDefault();
      }
    });
    document.addEventListener("click", (event) => { if (!list.contains(event.target) && event.target !== box) close(); });
  }
})();
