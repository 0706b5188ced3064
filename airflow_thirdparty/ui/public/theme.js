/* Runs before the first paint: the theme chosen in Airflow, else the one of the system. */
(function () {
  "use strict";
  var chosen = null;
  try {
    chosen = window.localStorage.getItem("theme");
  } catch (error) {
    /* Storage may be switched off; the system's theme will do. */
  }
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  /** @param {boolean} dark */
  function apply(dark) {
    var root = document.documentElement;
    root.classList.toggle("dark", dark);
    root.classList.toggle("light", !dark);
    root.style.colorScheme = dark ? "dark" : "light";
  }
  if (chosen === "dark" || chosen === "light") {
    apply(chosen === "dark");
  } else {
    apply(system.matches);
    system.addEventListener("change", function (event) {
      apply(event.matches);
    });
  }
})();
