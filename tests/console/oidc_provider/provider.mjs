// A certified OpenID provider (npm oidc-provider) on loopback: `node provider.mjs PORT REDIRECT_URI KEY_ID`.
// Anybody may sign in by the name of a person below; the first line of its output says that it listens.
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [port, redirectUri, keyId] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = {
  ada: { email: "ada@example.com", email_verified: true, groups: ["staff", "ota-admins"] },
  bob: { email: "bob@example.com", email_verified: true, groups: ["staff"] },
  eve: { email: "ada@example.com", email_verified: false, groups: ["ota-admins"] },
  zoe: { email: "zoe@example.com", email_verified: true, groups: ["cooks"] },
};
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: keyId, use: "sig", alg: "RS256" };

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "whimbrel",
      client_secret: "the client's secret: +/%",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username", "groups"] },
  cookies: { keys: ["of the tests"] },
  features: { devInteractions: { enabled: true } },
  jwks: { keys: [key] },
  pkce: { required: () => true },
  findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub, preferred_username: sub, ...people[sub] }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
process.stdin.on("close", () => process.exit(0)).resume();
