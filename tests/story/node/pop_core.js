'use strict';

// Drives the unmodified @alicloud/pop-core (signature 1.0).
//
// The first line of stdin is the configuration {"endpoint": "HOST:PORT", "access_key_id": …, "access_key_secret": …,
// "method": "GET" or "POST"}, every further line is a request {"action": …, "parameters": {…}}, and every line of stdout
// answers one request with {"answer": …} or, when the SDK threw, {"error": …}. The end of stdin ends the driver.

const readline = require('node:readline');
const PopCore = require('@alicloud/pop-core');

function describeError(error) {
  const data = error.data || {};
  return {
    kind: error.name,
    code: error.code,
    message: error.message,
    http_status: error.entry && error.entry.response && error.entry.response.statusCode,
    request_id: data.RequestId,
    data: data,
  };
}

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const configuration = JSON.parse((await lines.next()).value);
  const client = new PopCore({
    endpoint: `http://${configuration.endpoint}`,
    accessKeyId: configuration.access_key_id,
    accessKeySecret: configuration.access_key_secret,
    apiVersion: '2018-01-20',
  });
  for await (const line of lines) {
    const request = JSON.parse(line);
    let result;
    try {
      // The SDK compares the method with the exact text POST to decide where the parameters go.
      result = { answer: await client.request(request.action, request.parameters, { method: configuration.method }) };
    } catch (error) {
      result = { error: describeError(error) };
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

main().then(() => process.exit(0));
