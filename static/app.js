// The only behaviour of ours: the theme button, copying, closing menus, and telling a screen reader what was swapped in.
// Every page works without this file.
(() => {
  const announcer = document.getElementById("announcer");

  function announce(text) {
    // Emptied first: the same words twice would otherwise not be read again.
    announcer.textContent = "";
    window.setTimeout(() => { announcer.textContent = text; }, 50);
  }

  function nameThemeButton(button) {
    const dark = document.documentElement.dataset.bsTheme === "dark";
    button.setAttribute("aria-pressed", String(dark));
  }

  function setUpThemeButton() {
    const button = document.querySelector("[data-theme-button]");
    if (!button) return;
    button.hidden = false;
    nameThemeButton(button);
    button.addEventListener("click", () => {
      const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
      document.documentElement.dataset.bsTheme = theme;
      try { localStorage.setItem("theme", theme); } catch { /* the choice lasts as long as the page */ }
      nameThemeButton(button);
      announce(theme === "dark" ? "Dark theme" : "Light theme");
    });
  }

  async function copyText(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Plain http on another host than localhost has no clipboard interface.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) throw new Error("copy refused");
  }

  function textOf(button) {
    return button.dataset.copy ?? document.querySelector(button.dataset.copyFrom)?.textContent ?? "";
  }

  async function copy(button) {
    try {
      await copyText(textOf(button));
    } catch {
      announce("Copying was refused by the browser. Select the text instead.");
      return;
    }
    button.classList.add("is-copied");
    window.setTimeout(() => button.classList.remove("is-copied"), 1500);
    announce("Copied");
  }

  // A link that is copied leads here from anywhere: with the address of this site.
  function copyAddress(button) {
    button.dataset.copy = new URL(button.dataset.copyAddress, window.location.href).href;
    copy(button);
  }

  // The box of a group ticks its rows, so that the eye sees what a button will be about.
  function tickGroup(box) {
    for (const one of box.closest("tbody").querySelectorAll("input[name=number]")) one.checked = box.checked;
  }

  function showScriptParts(root) {
    for (const part of root.querySelectorAll("[data-needs-script]")) part.hidden = false;
  }

  function forgetAnnouncements() {
    for (const part of document.querySelectorAll("main [data-announce]")) delete part.dataset.announce;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from], [data-copy-address], [data-print]");
    if (!button) return;
    if ("print" in button.dataset) window.print();
    else if (button.dataset.copyAddress) copyAddress(button);
    else copy(button);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-ticks-group]")) tickGroup(event.target);
  });

  // A menu of the bar closes when one looks elsewhere; Escape leads back to what opened it.
  const openMenus = () => document.querySelectorAll(".site-nav details[open]");

  function closeMenusWithout(target) {
    for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
  }

  document.addEventListener("click", (event) => closeMenusWithout(event.target));
  document.addEventListener("focusin", (event) => closeMenusWithout(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // Ctrl or Cmd with Enter asks, as people expect of a box that takes many lines.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const area = event.target.closest("textarea[data-submit-keys]");
    if (area) { event.preventDefault(); area.form.requestSubmit(); }
  });

  document.addEventListener("htmx:after:swap", () => {
    showScriptParts(document);
    // A fragment says in words what it brought. What was announced, or came with the page, is not said again.
    const told = document.querySelector("main [data-announce]");
    if (told) { announce(told.dataset.announce); forgetAnnouncements(); }
  });

  document.addEventListener("htmx:error", () => {
    announce("The server could not be reached. What you see may be out of date.");
  });

  setUpThemeButton();
  showScriptParts(document);
  forgetAnnouncements();
})();
