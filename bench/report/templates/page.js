
"use strict";
// Only comfort: sorting, filtering, copying, and another theme. The page says everything without it.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const said = document.getElementById("said");
  let silence;
  function say(words) {
    said.textContent = words;
    clearTimeout(silence);
    silence = setTimeout(() => { said.textContent = ""; }, 2500);
  }

  function button(label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", act);
    return made;
  }

  // Sorting: up, down, and as it was. What is no figure stays last.
  function figure(cell) {
    const found = cell.textContent.replaceAll(",", "").match(/\d+(\.\d+)?/);
    return found ? Number(found[0]) : null;
  }
  function compare(a, b, numeric, sign) {
    if (!numeric) return sign * a.textContent.localeCompare(b.textContent);
    const [x, y] = [figure(a), figure(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (x - y);
  }
  function sortable(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    if (original.length < 2) return;
    heads.forEach((head, column) => {
      const made = button("", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort") ?? "none"];
        for (const other of heads) other.removeAttribute("aria-sort");
        const rows = [...original];
        if (next !== "none") {
          head.setAttribute("aria-sort", next);
          const numeric = head.classList.contains("number");
          const sign = next === "ascending" ? 1 : -1;
          rows.sort((a, b) => compare(a.cells[column], b.cells[column], numeric, sign));
        }
        body.append(...rows);
      });
      made.append(...head.childNodes);
      head.append(made);
    });
  }

  // Copying: what is shown, in the order shown.
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say("Copied");
  }
  function cells(table) {
    const words = (cell) => {
      const unit = cell.querySelector(".unit");
      const text = cell.textContent.trim().replace(/\s+/g, " ");
      return unit ? text.replace(/ (?=\S)/, " ").replace(unit.textContent, `, ${unit.textContent}`).replace(" ,", ",") : text;
    };
    return [...table.rows].filter((row) => !row.classList.contains("off")).map((row) => [...row.cells].map(words));
  }
  function markdown(table) {
    const escaped = (text) => text.replace(/[\\`*_[\]|#~$!<>&]/g, "\\$&");
    const line = (row) => `| ${row.join(" | ")} |`;
    const [head, ...rows] = cells(table).map((row) => row.map(escaped));
    const rule = [...table.tHead.rows[0].cells].map((cell) => (cell.classList.contains("number") ? "---:" : "---"));
    return [head, rule, ...rows].map(line).join("\n") + "\n";
  }
  function csv(table) {
    const field = (text) => {
      const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
      return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return cells(table).map((row) => row.map(field).join(",")).join("\n") + "\n";
  }
  function bar(after, ...buttons) {
    while (after.nextElementSibling?.classList.contains("note")) after = after.nextElementSibling;
    const made = document.createElement("div");
    made.className = "copy";
    made.append(...buttons);
    after.after(made);
  }
  for (const table of all("table")) {
    const copied = (write) => () => copy(write(table));
    bar(table.parentElement, button("Copy as Markdown", copied(markdown)), button("Copy as CSV", copied(csv)));
    sortable(table);
  }
  for (const listing of all("pre")) bar(listing, button("Copy", () => copy(listing.textContent)));

  // The part after # is a section, and which servers are shown: #latency&servers=a,b
  const boxes = all("input[name=server]");
  function parsed() {
    const [section, ...options] = location.hash.slice(1).split("&");
    const servers = options.find((option) => option.startsWith("servers="));
    try {
      return [section, servers?.slice("servers=".length).split(",").map(decodeURIComponent)];
    } catch {
      return [section, undefined];
    }
  }
  function filter() {
    const hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
    for (const element of all("[data-server]")) element.classList.toggle("off", hidden.has(element.dataset.server));
    const shown = boxes.filter((box) => box.checked).map((box) => encodeURIComponent(box.value));
    const hash = `#${parsed()[0]}${hidden.size ? `&servers=${shown.join(",")}` : ""}`;
    if (hash !== (location.hash || "#")) history.replaceState(null, "", hash);
  }
  function follow() {
    const [section, servers] = parsed();
    if (servers) for (const box of boxes) box.checked = servers.includes(box.value);
    filter();
    const target = section && document.getElementById(section);
    if (!target) return;
    if (target.tagName === "DETAILS") target.open = true;
    target.scrollIntoView();
  }
  for (const box of boxes) box.addEventListener("change", filter);
  for (const one of all("[data-all]")) {
    one.addEventListener("click", () => {
      for (const box of boxes) box.checked = Boolean(one.dataset.all);
      filter();
    });
  }
  addEventListener("hashchange", follow);
  follow();

  const root = document.documentElement;
  const remembered = (...value) => {
    try {
      return value.length ? localStorage.setItem("theme", value[0]) : localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const stored = remembered();
  if (stored === "dark" || stored === "light") root.dataset.theme = stored;
  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    remembered(root.dataset.theme);
  });
  for (const tools of all(".tools")) tools.hidden = false;
})();
