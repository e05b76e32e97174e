// Runs in the head, before the first paint: the remembered theme, else the one the system asks for.
// Without script the style sheet follows the system by itself; this only adds the choice.
(() => {
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      const theme = localStorage.getItem("theme");
      return theme === "light" || theme === "dark" ? theme : null;
    } catch {
      return null; // storage can be forbidden
    }
  }

  function show() {
    document.documentElement.dataset.bsTheme = remembered() ?? (system.matches ? "dark" : "light");
  }

  show();
  system.addEventListener("change", show);
  window.addEventListener("storage", show);
})();
