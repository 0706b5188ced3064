// The two pages people see: who they want to be, and what went wrong. No script, nothing from elsewhere.

import { createHash } from "node:crypto";

const STYLE = `
:root { color-scheme: light dark; --paper: #f4f5f7; --card: #fff; --ink: #1c2024; --faint: #60646c;
  --line: #8b8d98; --accent: #0d74ce; --on-accent: #fff; --bad: #ce2c31; }
@media (prefers-color-scheme: dark) { :root { --paper: #111113; --card: #1c1d20; --ink: #edeef0;
  --faint: #b0b4ba; --line: #777b84; --accent: #70b8ff; --on-accent: #10212f; --bad: #ff9592; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(26rem, 100%); background: var(--card); border-radius: .75rem; padding: 2rem;
  box-shadow: 0 1px 3px rgb(0 0 0 / .2); }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: 0 0 1.25rem; color: var(--faint); overflow-wrap: anywhere; }
label { display: block; font-weight: 600; margin-bottom: .25rem; }
input { width: 100%; font: inherit; color: inherit; background: var(--card); padding: .6rem .75rem;
  border: 1px solid var(--line); border-radius: .4rem; }
ul { margin: .25rem 0 1.5rem; padding-left: 1.25rem; }
h2 { font-size: 1rem; margin: 1.25rem 0 0; }
.buttons { display: flex; gap: .75rem; }
button { flex: 1; font: inherit; font-weight: 600; padding: .6rem; border-radius: .4rem; cursor: pointer;
  border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); }
button.plain { background: transparent; color: var(--ink); border-color: var(--line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=alert] { color: var(--bad); margin: .4rem 0 0; }
`;

const HASH = createHash("sha256").update(STYLE).digest("base64");

export const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy": `default-src 'none'; style-src 'sha256-${HASH}'; frame-ancestors 'none'; base-uri 'none'`,
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

const WORDS = {
  openid: "Know who you are",
  profile: "Read your name",
  email: "Read your e-mail address",
  offline_access: "Stay connected when you are away",
  "files:read": "Read your files",
  "files:write": "Change your files",
};

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const safe = (text) => String(text).replace(/[&<>"']/g, (character) => ENTITIES[character]);

function page(title, body) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${safe(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** The page that asks who signs in, and whether the client may have what it asks for. */
export function signInPage({ action, client, scopes, name = "", problem = "" }) {
  const wishes = scopes.map((scope) => `<li>${safe(WORDS[scope] ?? scope)}</li>`).join("\n");
  const described = problem ? ' aria-invalid="true" aria-describedby="problem"' : "";
  return page(
    "Sign in – Demo Service",
    `<h1>Sign in to Demo Service</h1>
<p>Any user name will do, and there are no passwords: this service is for trying things out.</p>
<form method="post" action="${safe(action)}">
<label for="user_name">User name</label>
<input id="user_name" name="user_name" value="${safe(name)}" maxlength="64" required autofocus
 autocomplete="username" autocapitalize="none" spellcheck="false"${described}>
${problem ? `<p id="problem" role="alert">${safe(problem)}</p>` : ""}
<h2>${safe(client)} wants to</h2>
<ul>
${wishes}
</ul>
<div class="buttons">
<button name="answer" value="allow">Sign in</button>
<button name="answer" value="cancel" class="plain" formnovalidate>Cancel</button>
</div>
</form>`,
  );
}

/** The page for what cannot be answered to the client. */
export function errorPage(error, description) {
  return page(
    "Error – Demo Service",
    `<h1>This did not work</h1>
<p>${safe(description || error)}</p>
<p>Close this window and start again from where you came.</p>`,
  );
}
