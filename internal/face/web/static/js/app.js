// Tocsin's own script: ES2020, no build step. Everything here is a comfort:
// each page works without it, by links and forms. Words come from the page's
// data attributes, so this file speaks no language.
"use strict";

(() => {
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const words = (n, from) => (n === 1 ? from.dataset.one : from.dataset.other).replace("{n}", n);
  root.classList.add("js");

  // ---- Theme and language: the form works alone; here it does not reload for
  // the theme, and the address that comes back is the one htmx left us at.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-preference]");
    if (!form) return;
    if (form.elements.back) form.elements.back.value = location.pathname + location.search;
    if (form.dataset.preference !== "theme") return;
    event.preventDefault();
    const theme = form.elements.theme.value;
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const other of $$("form[data-preference=theme]")) {
      $("button", other).setAttribute("aria-pressed", String(other.elements.theme.value === theme));
    }
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
  });

  // ---- Copy buttons are hidden until we know that copying works.
  const prepare = (from) => {
    if (navigator.clipboard) for (const b of $$("[data-copy]", from)) b.hidden = false;
    for (const box of $$("[data-tick-all]", from)) box.hidden = false;
    for (const b of $$("[data-print]", from)) b.hidden = false;
    for (const t of $$(".listing", from)) countTicks(t);
  };
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const source = document.getElementById(copy.dataset.copy);
      navigator.clipboard.writeText(source.value ?? source.textContent).then(() => {
        const said = $("[data-said]", copy);
        const before = said.textContent;
        said.textContent = copy.dataset.done;
        setTimeout(() => { said.textContent = before; }, 2000);
      });
    }
    if (event.target.closest("[data-print]")) print();
    if (event.target.closest("[data-close]")) event.target.closest("dialog, .toast")?.[event.target.closest("dialog") ? "close" : "remove"]();
    if (event.target.closest("[data-keys]")) { event.preventDefault(); $("dialog.keys")?.showModal(); }
    for (const open of $$("details.menu[open], details.pick[open]")) if (!open.contains(event.target)) open.open = false;
  });

  // ---- Ticking rows: the bar comes when something is ticked and says how many.
  const countTicks = (listing) => {
    const bar = $(".bulk", listing);
    if (!bar) return;
    const ticks = $$("tbody input[type=checkbox]", listing);
    const on = ticks.filter((t) => t.checked).length;
    const all = $("[data-tick-all]", listing);
    const every = $("[data-every]", bar);
    if (all) { all.checked = on > 0 && on === ticks.length; all.indeterminate = on > 0 && on < ticks.length; }
    if (every) { every.hidden = !(on > 0 && on === ticks.length); if (every.hidden) $("input", every).checked = false; }
    bar.classList.toggle("on", on > 0);
    const said = $("[data-ticked]", bar);
    if (said && on > 0) said.textContent = words(on, said);
  };
  let lastTick = null;
  document.addEventListener("click", (event) => {
    const tick = event.target.closest("tbody input[type=checkbox]");
    const listing = tick?.closest(".listing");
    if (!listing) return;
    if (event.shiftKey && lastTick?.isConnected) {
      const ticks = $$("tbody input[type=checkbox]", listing);
      const [from, to] = [ticks.indexOf(lastTick), ticks.indexOf(tick)].sort((a, b) => a - b);
      for (const t of ticks.slice(Math.max(from, 0), to + 1)) t.checked = tick.checked;
    }
    lastTick = tick;
  });
  document.addEventListener("change", (event) => {
    const listing = event.target.closest(".listing");
    if (!listing) return;
    if (event.target.matches("[data-tick-all]")) {
      for (const t of $$("tbody input[type=checkbox]", listing)) t.checked = event.target.checked;
    }
    countTicks(listing);
  });

  // ---- Keyboard. Nothing fires while somebody types or holds a modifier.
  const rows = () => $$("tr[data-href]").filter((r) => r.offsetParent);
  const choose = (row) => {
    if (!row) return;
    for (const r of $$("tr.current")) r.classList.remove("current");
    row.classList.add("current");
    ($(".row-link", row) ?? row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf($("tr.current") ?? document.activeElement.closest?.("tr[data-href]"));
    choose(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
  };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      const open = $("details.menu[open], details.pick[open]");
      if (open) { open.open = false; $("summary", open).focus(); return; }
      if (typing) { event.target.blur(); return; }
      if ($("dialog[open]")) return;
      if (location.hash === "#nav") { location.hash = ""; return; }
      const back = $("[data-escape]");
      if (back) location.assign(back.href);
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]") || !document.body.dataset.shortcuts) return;
    if (Date.now() - going < 1500) {
      going = 0;
      const link = $(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    const act = {
      "/": () => { const box = $(".searchbox input"); box?.focus(); box?.select(); },
      "?": () => $("dialog.keys")?.showModal(),
      g: () => { going = Date.now(); },
      j: () => step(1),
      k: () => step(-1),
      x: () => { const tick = $("tr.current input[type=checkbox]"); tick?.click(); },
      r: () => { const news = $(".news a:not([hidden])"); news?.click(); },
      Enter: () => { const row = $("tr.current"); if (row && !event.target.closest("a, button, summary, input")) location.assign(row.dataset.href); else return false; },
    }[event.key];
    if (act && act() !== false) event.preventDefault();
  });

  // ---- Live: the server says "news" with a count; rows wait until asked for.
  // The stream is closed while the page is hidden for long, so that a hundred
  // forgotten tabs do not hold a hundred connections.
  const live = (box) => {
    const link = $("a", box);
    const title = document.title;
    let waiting = 0;
    let stream = null;
    const open = () => {
      if (stream) return;
      stream = new EventSource(box.dataset.live);
      stream.addEventListener("news", (event) => {
        waiting += Number(JSON.parse(event.data).n) || 1;
        link.textContent = words(waiting, box);
        link.hidden = false;
        document.title = `(${waiting}) ${title}`;
      });
      stream.addEventListener("toast", (event) => toast(JSON.parse(event.data)));
    };
    const close = () => { stream?.close(); stream = null; };
    let idle = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(idle);
      if (document.hidden) idle = setTimeout(close, 300000);
      else open();
    });
    addEventListener("pagehide", close);
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
    link.hidden = true;
    link.classList.remove("plain");
    open();
  };

  const toast = ({ text, href }) => {
    const place = $(".toasts");
    if (!place || !text) return;
    const box = document.createElement("div");
    box.className = "toast";
    const says = document.createElement(href && href.startsWith("/") ? "a" : "span");
    if (says.tagName === "A") says.href = href;
    says.textContent = text;
    const shut = document.createElement("button");
    shut.type = "button";
    shut.dataset.close = "";
    shut.setAttribute("aria-label", place.dataset.close);
    shut.textContent = "×";
    box.append(says, shut);
    place.append(box);
    while (place.children.length > 4) place.firstElementChild.remove();
  };

  // ---- A form goes once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { for (const f of $$("form[data-sent]")) delete f.dataset.sent; });

  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    const box = $("[data-live]");
    if (box && "EventSource" in window) live(box);
    $(".problems")?.focus();
  });
  document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
})();
