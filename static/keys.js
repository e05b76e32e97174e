// Keyboard shortcuts: whatever has data-key is pressed by it, `g` and a letter open a page of the menu, `?` lists all.
// They do nothing while somebody types, and can be switched off for good (WCAG 2.2, 2.1.4).
(() => {
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const WAIT = 1500;
  const PAGES = { h: "/", i: "/impact", n: "/incidents", w: "/watches", b: "/blocks", d: "/decisions", a: "/artifacts", o: "/ops" };
  const list = dialog.querySelector(".keys");
  const button = dialog.querySelector("[data-keys-switch]");
  let goesUntil = 0;

  function isOff() {
    try { return localStorage.getItem("keys") === "off"; } catch { return false; }
  }

  function switchKeys() {
    try { if (isOff()) localStorage.removeItem("keys"); else localStorage.setItem("keys", "off"); } catch { /* as long as the page */ }
    nameSwitch();
  }

  function nameSwitch() {
    button.textContent = isOff() ? "Switch them on" : "Switch them off";
  }

  function nameOf(element) {
    const copy = element.cloneNode(true);
    for (const count of copy.querySelectorAll(".badge-count")) count.remove();
    return (element.getAttribute("aria-label") ?? copy.textContent).trim().replace(/\s+/g, " ");
  }

  function row(keys, does) {
    const term = document.createElement("dt");
    for (const key of keys) term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    const told = document.createElement("dd");
    told.textContent = does;
    list.append(term, told);
  }

  const pagesThere = () => Object.entries(PAGES).filter(([, path]) => document.querySelector(`.site-header a[href="${path}"]`));

  function show() {
    list.replaceChildren();
    row(["?"], "This list");
    row(["/"], "Search");
    for (const element of document.querySelectorAll("[data-key]")) row([element.dataset.key], nameOf(element));
    for (const [key, path] of pagesThere()) row(["g", key], path === "/" ? "Home" : nameOf(document.querySelector(`.site-nav a[href="${path}"]`)));
    row(["Ctrl", "Enter"], "Ask, in the box of a question");
    row(["Esc"], "Close a menu or this list");
    nameSwitch();
    dialog.showModal();
  }

  // A button is only gone to: what acts takes Enter as well, so that no slip of a finger blocks a cluster. Where a link
  // leads within the page the focus goes too: a reader is told, and Tab goes on from there.
  function press(element) {
    if (element.matches("button")) return element.focus();
    element.click();
    const part = element.hash && document.getElementById(element.hash.slice(1));
    if (part) part.focus({ preventScroll: true });
  }

  function isTyping(target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], dialog[open]");
  }

  function go(key) {
    const found = pagesThere().find(([letter]) => letter === key);
    if (found) window.location.assign(found[1]);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target) || isOff()) return;
    const key = event.key;
    const goes = Date.now() < goesUntil;
    goesUntil = 0;
    if (goes) return go(key);
    if (key === "g") { goesUntil = Date.now() + WAIT; return; }
    if (key === "?") { event.preventDefault(); return show(); }
    if (key === "/") { event.preventDefault(); return document.getElementById("header-search")?.focus(); }
    const element = key.length === 1 && /[a-z]/.test(key) && document.querySelector(`[data-key="${key}"]`);
    if (element) { event.preventDefault(); press(element); }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-button]")) show();
    else if (event.target.closest("[data-keys-switch]")) switchKeys();
  });
})();
