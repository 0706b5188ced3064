/*
 * The end of a sign-in, in the small window: tell the pages that wait, then go away.
 *
 * Reads from <body>: data-conn-id, data-ok ("true" or "false"), data-code, data-message, data-remedy (when it
 * failed), data-return-to (when the whole page went to the service and no window is to be closed).
 */
(function () {
  "use strict";
  var data = document.body.dataset;
  var ok = data.ok === "true";
  /** @type {number | undefined} */
  var closing;
  function leave() {
    window.close();
  }

  if (typeof BroadcastChannel !== "undefined") {
    var channel = new BroadcastChannel("third-party-accounts");
    channel.postMessage({
      type: "sign-in",
      conn_id: data.connId || "",
      ok: ok,
      code: data.code || undefined,
      message: data.message || undefined,
      remedy: data.remedy || undefined,
    });
    // Another sign-in follows in this window: the page takes it there, and would find it closed.
    channel.addEventListener("message", function (event) {
      if (event.data && event.data.type === "keep-open") {
        window.clearTimeout(closing);
        closing = window.setTimeout(leave, 15000);
      }
    });
  }

  var button = document.getElementById("close");
  if (button) {
    button.addEventListener("click", function () {
      window.close();
      // A window that was not opened by a page stays open: then this is the page.
      var page = document.querySelector("main a");
      window.setTimeout(function () {
        if (page instanceof HTMLAnchorElement) {
          window.location.assign(page.href);
        }
      }, 300);
    });
  }

  var target = null;
  try {
    target = data.returnTo ? new URL(data.returnTo, window.location.origin) : null;
  } catch (error) {
    /* Not an address: stay here. */
  }
  if (target && target.origin === window.location.origin) {
    if (ok) {
      window.location.replace(target.href);
    }
    return;
  }
  // Stays open after a failure, so that the reason can be read.
  if (ok) {
    closing = window.setTimeout(leave, 900);
  }
})();
