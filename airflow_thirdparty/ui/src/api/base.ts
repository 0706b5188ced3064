/** Where the server's part lives, whatever path Airflow is served under. */

export const PREFIX = "third-party-accounts/";

/**
 * Base address of our pages and API, with a trailing slash.
 *
 * The stand-alone page knows it from its own script (`<base>/third-party-accounts/static/page.js`).  Inside
 * Airflow the document carries a `<base>` element with the path of `[api] base_url`.
 */
export function prefixUrl(scriptUrl: string | null, baseUri: string): string {
  const marker = `/${PREFIX}static/`;
  const path = scriptUrl === null ? null : new URL(scriptUrl, baseUri);
  const end = path === null ? -1 : path.pathname.lastIndexOf(marker);
  if (path !== null && end >= 0) {
    return `${path.origin}${path.pathname.slice(0, end)}/${PREFIX}`;
  }
  return new URL(PREFIX, baseUri).href.replace(/[?#].*$/, "");
}

/** Base address of Airflow itself, with a trailing slash. */
export const airflowUrl = (prefix: string): string => new URL("..", prefix).href;

/** An address we were told to go to, or null when it is not one a browser should follow. */
export function safeUrl(address: string | null | undefined, base: string): string | null {
  if (!address) {
    return null;
  }
  try {
    const url = new URL(address, base);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
