// Keycloak's addresses, access tokens and authorization services, on a certified OpenID provider.
//
// Log-ins, codes, tokens and refreshing are the provider's. What it does not have is written here as Keycloak
// documents it: user info for access tokens that are JWTs, the UMA grant by which a client asks whether a
// person may do something, and programs' log-in with a person's name and password. Configured by one line of JSON,
// like the demo's provider, beside which it lies.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import { createLocalJWKSet, jwtVerify } from "jose";
import Provider from "oidc-provider";

import { signInPage } from "./pages.mjs";

const REALM = "/realms/airflow";
const PROTOCOL = "/protocol/openid-connect";
const UMA = "urn:ietf:params:oauth:grant-type:uma-ticket";
const ID = "id-of-";
const AIRFLOW = "urn:airflow";
const RESOURCE = { scope: "openid profile", accessTokenFormat: "jwt", audience: "account", jwt: { sign: { alg: "RS256" } } };

/** Whose a token is; a client's own is its service account's. */
const nameOf = (sub) => (sub.startsWith(ID) ? sub.slice(ID.length) : `service-account-${sub}`);

function providerOf(issuer, settings, jwks) {
  const provider = new Provider(issuer, {
    clients: settings.clients,
    jwks,
    cookies: { keys: ["of this test"] },
    routes: {
      authorization: `${PROTOCOL}/auth`,
      token: `${PROTOCOL}/token`,
      jwks: `${PROTOCOL}/certs`,
      userinfo: `${PROTOCOL}/oidc-userinfo`,
      end_session: `${PROTOCOL}/logout`,
    },
    findAccount: async (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    pkce: { required: () => false },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => AIRFLOW,
        useGrantedResource: async () => true,
        getResourceServerInfo: async () => RESOURCE,
      },
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: settings.access_token_ttl, Session: 3600, Grant: 3600, RefreshToken: 3600, Interaction: 600 },
  });
  provider.registerGrantType("password", (ctx) => logProgramIn(provider, ctx), ["username", "password", "scope"]);
  return provider;
}

async function grantOf(provider, accountId, clientId, scope) {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope(scope);
  grant.addResourceScope(AIRFLOW, RESOURCE.scope);
  return grant.save();
}

/** The grant that OAuth 2.1 has dropped and Keycloak calls "direct access"; a wrong password is a 401 there. */
async function logProgramIn(provider, ctx) {
  const { client, params } = ctx.oidc;
  if (params.password !== `password-of-${params.username}`) {
    ctx.status = 401;
    ctx.body = { error: "invalid_grant", error_description: "Invalid user credentials" };
    return;
  }
  const accountId = ID + params.username;
  const common = { accountId, client, gty: "password", grantId: await grantOf(provider, accountId, client.clientId, params.scope) };
  const resourceServer = new provider.ResourceServer(AIRFLOW, RESOURCE);
  const access = new provider.AccessToken({ ...common, resourceServer, scope: RESOURCE.scope });
  const refresh = new provider.RefreshToken({ ...common, resource: AIRFLOW, scope: params.scope });
  ctx.body = {
    access_token: await access.save(),
    expires_in: access.expiration,
    refresh_token: await refresh.save(),
    token_type: "Bearer",
  };
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

function answer(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

/** Who shows a good access token; nobody else is told anything. */
async function bearer(request, keys, issuer) {
  try {
    const { payload } = await jwtVerify((request.headers.authorization ?? "").replace(/^Bearer /, ""), keys, { issuer });
    return nameOf(payload.sub);
  } catch {
    return undefined;
  }
}

function decide(response, name, fields, permissions) {
  if (name === undefined) return answer(response, 401, { error: "invalid_token" });
  const may = permissions[name] ?? [];
  const granted = fields.getAll("permission").filter((asked) => may.includes("*") || may.includes(asked));
  if (granted.length === 0) return answer(response, 403, { error: "access_denied" });
  if (fields.get("response_mode") !== "permissions") return answer(response, 200, { access_token: "of no interest" });
  const listed = granted.map((each) => ({ rsname: each.split("#")[0], scopes: [each.split("#")[1]] }));
  return answer(response, 200, listed);
}

async function interact(provider, request, response) {
  const { params, prompt, uid } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.writeHead(200, { "Content-Type": "text/html" });
    return response.end(signInPage({ action: `/interaction/${uid}`, client: params.client_id, scopes: ["openid"] }));
  }
  const accountId = ID + new URLSearchParams(await bodyOf(request)).get("user_name");
  const consent = { grantId: await grantOf(provider, accountId, params.client_id, params.scope) };
  return provider.interactionFinished(request, response, { login: { accountId }, consent });
}

function start(settings) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwks = { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "1" }] };
  const server = createServer();
  server.listen(0, "127.0.0.1", () => {
    const url = `http://127.0.0.1:${server.address().port}`;
    const issuer = url + REALM;
    const provider = providerOf(issuer, settings, jwks);
    const { kty, n, e } = jwks.keys[0];
    const keys = createLocalJWKSet({ keys: [{ kty, n, e, kid: "1", alg: "RS256" }] });
    provider.on("server_error", (ctx, error) => console.error(error));
    const certified = provider.callback();
    server.on("request", async (request, response) => {
      if (request.url.startsWith("/interaction/")) return interact(provider, request, response);
      request.originalUrl = request.url;
      request.url = request.url.slice(REALM.length);
      if (request.url === `${PROTOCOL}/userinfo`) {
        const name = await bearer(request, keys, issuer);
        if (name === undefined) return answer(response, 401, { error: "invalid_token" });
        return answer(response, 200, { sub: ID + name, preferred_username: name });
      }
      if (request.method === "POST" && request.url === `${PROTOCOL}/token`) {
        request.body = await bodyOf(request);
        const fields = new URLSearchParams(request.body);
        if (fields.get("grant_type") === UMA) {
          return decide(response, await bearer(request, keys, issuer), fields, settings.permissions);
        }
      }
      return certified(request, response);
    });
    process.stdin.on("end", () => process.exit(0));
    console.log(JSON.stringify({ url }));
  });
}

createInterface({ input: process.stdin }).once("line", (line) => start(JSON.parse(line)));
