// A real OpenID provider for the demo and the tests: certified library, people without passwords. And notes for keys.
//
// Reads its configuration as one line of JSON from standard input, writes its address as one line of JSON to
// standard output, and ends when standard input is closed.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import Provider from "oidc-provider";

import { HEADERS, errorPage, signInPage } from "./pages.mjs";
import { Store } from "./store.mjs";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;
const LONGEST_FORM = 10_000;

function remembered(store, key, make) {
  const known = store.get(key);
  if (known !== undefined) return known;
  const made = make();
  store.set(key, made);
  return made;
}

function signingKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") };
}

function account(sub) {
  return {
    accountId: sub,
    claims: async () => ({
      sub,
      name: sub.charAt(0).toUpperCase() + sub.slice(1),
      preferred_username: sub,
      email: sub.includes("@") ? sub : `${sub}@example.org`,
      email_verified: true,
    }),
  };
}

function providerOf(issuer, settings, store) {
  const keys = remembered(store, "keys", () => ({
    jwks: { keys: [signingKey()] },
    cookies: [randomBytes(32).toString("hex")],
  }));
  return new Provider(issuer, {
    adapter: (model) => store.adapter(model),
    clients: settings.clients,
    jwks: keys.jwks,
    cookies: { keys: keys.cookies },
    scopes: ["openid", "profile", "email", "offline_access", ...settings.scopes],
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username"],
      email: ["email", "email_verified"],
    },
    findAccount: async (ctx, sub) => account(sub),
    pkce: { required: () => true },
    rotateRefreshToken: settings.rotate,
    clockTolerance: 0,
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    renderError: (ctx, out) => {
      ctx.set(HEADERS);
      ctx.body = errorPage(out.error, out.error_description);
    },
    ttl: {
      AccessToken: settings.access_token_ttl,
      AuthorizationCode: settings.code_ttl,
      IdToken: settings.id_token_ttl,
      RefreshToken: settings.refresh_token_ttl,
      Grant: settings.refresh_token_ttl,
      Session: settings.refresh_token_ttl,
      Interaction: 3600,
    },
  });
}

// Everybody says who they are at each sign-in, so that one browser can be several people; and offline_access
// works without the client having to ask for consent, because it is asked for anyway.
async function alwaysAsk(ctx, next) {
  if (ctx.path === "/auth" || ctx.path.startsWith("/auth/")) {
    const cookies = (ctx.req.headers.cookie ?? "").split(/;\s*/);
    ctx.req.headers.cookie = cookies.filter((cookie) => !cookie.startsWith("_session")).join("; ");
  }
  if (ctx.path === "/auth" && !ctx.query.prompt) ctx.query = { ...ctx.query, prompt: "consent" };
  await next();
}

async function form(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > LONGEST_FORM) throw new Error("The form is too long");
  }
  return new URLSearchParams(text);
}

async function grantAll(provider, accountId, { params, prompt }) {
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope ?? "openid");
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  return grant.save();
}

async function interact(provider, request, response) {
  const details = await provider.interactionDetails(request, response);
  const client = await provider.Client.find(details.params.client_id);
  const ask = (status, more) => {
    response.writeHead(status, HEADERS);
    response.end(
      signInPage({
        action: `/interaction/${details.uid}`,
        client: client?.clientName ?? details.params.client_id,
        scopes: (details.params.scope ?? "").split(" ").filter(Boolean),
        name: details.params.login_hint,
        ...more,
      }),
    );
  };
  if (request.method !== "POST") return ask(200, {});
  const fields = await form(request);
  if (fields.get("answer") === "cancel") {
    const error = { error: "access_denied", error_description: "The user said no" };
    return provider.interactionFinished(request, response, error);
  }
  const name = (fields.get("user_name") ?? "").trim();
  if (!NAME.test(name)) {
    return ask(200, { name, problem: "Letters, digits and . _ @ + - only, please; a letter or digit first." });
  }
  const grantId = await grantAll(provider, name, details);
  return provider.interactionFinished(request, response, { login: { accountId: name }, consent: { grantId } });
}

// A second service at the same address, for people's own keys: everybody's is "key-of-" and their name.
function readNotes(request, response) {
  const name = /^Bearer key-of-(.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const known = NAME.test(name);
  const notes = known ? { sub: name, notes: [`Written by ${name}`] } : { error: "Whose key is this?" };
  response.writeHead(known ? 200 : 401, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(notes));
}

function fail(response, error) {
  response.writeHead(error.statusCode ?? 400, HEADERS);
  response.end(errorPage("invalid_request", error.error_description ?? "This sign-in is over or was never begun."));
}

function start(settings) {
  const store = new Store(settings.state);
  const server = createServer();
  const end = () => {
    store.save();
    process.exit(0);
  };
  process.stdin.on("end", end);
  process.once("SIGTERM", end);
  server.listen(settings.port, settings.host, () => {
    const { port } = server.address();
    const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
    const issuer = settings.issuer ?? `http://${host}:${port}`;
    const provider = providerOf(issuer, settings, store);
    provider.proxy = settings.issuer !== undefined; // under another address it is reached through a proxy
    provider.use(alwaysAsk);
    provider.on("server_error", (ctx, error) => console.error(error));
    const answer = provider.callback();
    server.on("request", (request, response) => {
      if (request.url === "/notes/mine") return readNotes(request, response);
      if (!request.url.startsWith("/interaction/")) return answer(request, response);
      return interact(provider, request, response).catch((error) => fail(response, error));
    });
    console.log(JSON.stringify({ issuer, port }));
  });
}

createInterface({ input: process.stdin }).once("line", (line) => {
  start({
    host: "127.0.0.1",
    port: 0,
    clients: [],
    scopes: ["files:read", "files:write"],
    rotate: true,
    access_token_ttl: 3600,
    refresh_token_ttl: 30 * 86400,
    id_token_ttl: 3600,
    code_ttl: 60,
    ...JSON.parse(line),
  });
});
