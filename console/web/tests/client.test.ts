import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { call, callForSecrets, post, readSession, whenSignedOut } from "~/api/client";
import { CallError, REFUSED, SIGNED_OUT, UNREACHABLE } from "~/api/errors";

/** A real server that answers as the test says; fetch gets the page's base, which Node has none of. */
let server: Server;
let answer: { status: number; body: string };
let asked: { url: string; method: string; token: string | undefined; body: string }[] = [];
let secretsAsked: (string | undefined)[] = [];
let signedOut = 0;
const nodeFetch = globalThis.fetch;

beforeAll(async () => {
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const token = request.headers["x-csrf-token"] as string | undefined;
      secretsAsked.push(request.headers["x-show-secrets"] as string | undefined);
      asked.push({ url: request.url ?? "", method: request.method ?? "", token, body });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind/a/proxy/console/`;
  globalThis.fetch = (input, init) => nodeFetch(new URL(String(input), base), init);
  whenSignedOut(() => signedOut++);
});
afterAll(() => {
  globalThis.fetch = nodeFetch;
  server.close();
});
beforeEach(() => {
  asked = [];
  secretsAsked = [];
  signedOut = 0;
  answer = { status: 200, body: '{"success": true, "code": ""}' };
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of request) text += String(part);
  return text;
}

async function refusalOf(work: Promise<unknown>): Promise<CallError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CallError);
  return error as CallError;
}

const query = () => call("QueryOTAJob", { JobId: "1" });

it("asks relative to the page, with the session's token", async () => {
  answer.body = '{"csrfToken": "t0ken", "user": {}}';
  await readSession();
  answer.body = '{"success": true}';
  await query();
  expect(asked[1]).toEqual({
    url: "/behind/a/proxy/console/api/call/QueryOTAJob",
    method: "POST",
    token: "t0ken",
    body: '{"JobId":"1"}',
  });
});

it("asks for secrets only when it says so", async () => {
  await query();
  await callForSecrets("QueryProduct", { ProductKey: "k" });
  expect(secretsAsked).toEqual([undefined, "true"]);
});

it("takes a refusal inside of 200 for what it is, in the contract's words", async () => {
  answer.body = '{"success": false, "code": "iot.ota.X", "errorMessage": "words", "requestId": "R"}';
  const { code, message, requestId } = await refusalOf(query());
  expect([code, message, requestId]).toEqual(["iot.ota.X", "words", "R"]);
});

it("says once for each 401 that the session is over", async () => {
  answer = { status: 401, body: '{"error": "no session"}' };
  expect((await refusalOf(query())).code).toBe(SIGNED_OUT);
  expect(signedOut).toBe(1);
});

it("takes a wrong password for no end of a session", async () => {
  answer = { status: 401, body: '{"error": "name or password is wrong"}' };
  expect((await refusalOf(post("sign-in", {}))).message).toBe("name or password is wrong");
  expect(signedOut).toBe(0);
});

it("finds nobody signed in where the session is answered with 401", async () => {
  answer = { status: 401, body: "{}" };
  expect(await readSession()).toBeNull();
});

it.each(["", "<html>", "[]", "null", '"text"', '{"code": 7, "errorMessage": {}}'])(
  "survives a body that is %j",
  async (body) => {
    answer = { status: 502, body };
    const error = await refusalOf(query());
    expect([error.code, error.status]).toEqual([REFUSED, 502]);
  },
);

it("tells a server that cannot be reached from one that refuses", async () => {
  const kept = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new TypeError("fetch failed"));
  expect((await refusalOf(query())).code).toBe(UNREACHABLE);
  globalThis.fetch = kept;
});
