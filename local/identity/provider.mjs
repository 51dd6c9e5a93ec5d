// node provider.mjs PACKAGES CONFIGURATION: an OpenID Connect provider at an address, until it is ended.
//
// Whoever comes signs in as the person that the form names, and consents by that. What is not a person's decision is
// oidc-provider's: codes, PKCE, redirect URIs, client authentication, signatures, modes of response.
import { createRequire } from "node:module";
import { createHash, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [packages, file] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(createRequire(join(packages, "_")).resolve(name)).href);
const { default: Provider } = await load("oidc-provider");
const jose = await load("jose");
const configuration = JSON.parse(readFileSync(file, "utf8"));

const people = new Map(); // subject -> claims
const appleKeys = new Map(
  configuration.clients.filter((one) => one.apple).map((one) => [one.client_id, createPublicKey(one.apple.public_key)]),
);
const apple = new Map(configuration.clients.filter((one) => one.apple).map((one) => [one.client_id, one]));

const provider = new Provider(configuration.issuer, {
  clients: configuration.clients.map(({ apple, ...client }) => ({
    ...client,
    redirect_uris: client.redirect_uris,
    token_endpoint_auth_method: "client_secret_post",
    id_token_signed_response_alg: configuration.jwks.keys[0].alg,
  })),
  jwks: configuration.jwks,
  cookies: { keys: [configuration.cookie_key] },
  conformIdTokenClaims: false, // Google and Apple put the address into the ID token
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => people.has(id) && { accountId: id, claims: () => ({ sub: id, ...people.get(id) }) },
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
  ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
});
provider.on("server_error", (_, error) => console.error(error));

const FORM = `<!doctype html><title>Sign in</title><form method="post">
<label>Address <input name="address" type="email" required autofocus></label>
<label><input name="verified" type="checkbox" value="true" checked> verified</label>
<button>Sign in</button></form>`;

provider.use(async (ctx, next) => {
  if (ctx.path === "/token" && ctx.method === "POST") await takeAppleSecret(ctx);
  if (!ctx.path.startsWith("/interaction/")) return next();
  await provider.interactionDetails(ctx.req, ctx.res); // refuses a browser that did not begin this sign-in
  if (ctx.method === "GET") {
    ctx.type = "html";
    ctx.body = FORM;
    return;
  }
  const form = new URLSearchParams(await text(ctx.req));
  if (form.has("refuse")) {
    const denied = { error: "access_denied", error_description: "the person does not want to" };
    return void (await provider.interactionFinished(ctx.req, ctx.res, denied));
  }
  const address = form.get("address");
  const subject = form.get("subject") ?? createHash("sha256").update(address).digest("hex").slice(0, 21);
  people.set(subject, { email: address, email_verified: JSON.parse(form.get("verified") ?? "false") });
  ctx.respond = false;
  await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: subject, remember: false } });
});

// Apple's client secret is a JWT of the client's own key. One that Apple would take is replaced by the stored secret.
async function takeAppleSecret(ctx) {
  const form = Object.fromEntries(new URLSearchParams(await text(ctx.req)));
  ctx.req.body = form;
  const client = apple.get(form.client_id);
  if (!client) return;
  try {
    const { protectedHeader } = await jose.jwtVerify(form.client_secret, appleKeys.get(form.client_id), {
      algorithms: ["ES256"],
      issuer: client.apple.team_id,
      subject: form.client_id,
      audience: configuration.issuer,
      requiredClaims: ["iat", "exp"],
      maxTokenAge: "180 days",
    });
    form.client_secret = protectedHeader.kid === client.apple.key_id ? client.client_secret : "";
  } catch {
    form.client_secret = "no secret that this team signed";
  }
}

async function text(stream) {
  let result = "";
  for await (const part of stream) result += part;
  return result;
}

const tls = { cert: readFileSync(configuration.certificate), key: readFileSync(configuration.key) };
https.createServer(tls, provider.callback()).listen(configuration.port, configuration.host);
