/** The small window in which a user signs in at the service. */

import { t } from "../words/words";

const WIDTH = 560;
const HEIGHT = 720;

/** Say something in the window until the service takes over; a blank page looks broken. */
function greet(opened: Window, serviceName: string): void {
  try {
    const { body, documentElement: root } = opened.document;
    opened.document.title = t("sign_in.window_title", { name: serviceName });
    root.lang = document.documentElement.lang;
    root.dir = document.documentElement.dir;
    root.style.colorScheme = document.documentElement.classList.contains("dark") ? "dark" : "light";
    body.style.cssText = "font:16px system-ui,sans-serif;display:grid;place-items:center;min-height:90vh";
    body.textContent = t("sign_in.taking_you", { name: serviceName });
  } catch {
    // Only decoration: a browser that forbids it shows a blank window for a moment.
  }
}

/**
 * Open the window.  Must be called in the click itself, before anything is awaited, or browsers block it.
 *
 * @returns the window, or null when it was blocked
 */
export function openWindow(serviceName: string): Window | null {
  const left = Math.max(0, window.screenX + (window.outerWidth - WIDTH) / 2);
  const top = Math.max(0, window.screenY + (window.outerHeight - HEIGHT) / 2);
  const opened = window.open(
    "about:blank",
    "_blank",
    `popup,width=${WIDTH},height=${HEIGHT},left=${Math.round(left)},top=${Math.round(top)}`,
  );
  if (opened === null || opened.closed) {
    return null;
  }
  greet(opened, serviceName);
  try {
    // The service must not be able to steer our page.
    opened.opener = null;
  } catch {
    // Some browsers forbid it; the service is then trusted as far as any link would be.
  }
  return opened;
}

/** Send the window on, or the whole page when there is none. */
export function navigate(opened: Window | null, address: string): void {
  if (opened === null) {
    window.location.assign(address);
  } else {
    opened.location.replace(address);
  }
}

/** Close the window if it is still ours to close. */
export function closeWindow(opened: Window | null): void {
  try {
    opened?.close();
  } catch {
    // A window that isolated itself closes itself.
  }
}
