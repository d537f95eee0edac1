/** Lines that sign with a new key, for each way to call: docs/how-to/point-an-sdk-at-whimbrel.md has the rest. */
export interface Signer {
  id: string;
  secret: string;
  /** `https://ota.example.org`, as callers reach the server. */
  server: string;
}

export const SNIPPETS = ["cli", "python", "tea", "node"] as const;
export type SnippetName = (typeof SNIPPETS)[number];

export function snippetOf(name: SnippetName, { id, secret, server }: Signer): string {
  const [scheme = "http", host = ""] = server.split("://");
  if (name === "cli") {
    return [
      `export WHIMBREL_SERVER=${server}`,
      `export WHIMBREL_ACCESS_KEY_ID=${id}`,
      `export WHIMBREL_ACCESS_KEY_SECRET=${secret}`,
      "whimbrel fleet",
    ].join("\n");
  }
  if (name === "python") {
    return [
      "from aliyunsdkcore.client import AcsClient",
      "from aliyunsdkiot.request.v20180120.ListOTAFirmwareRequest import ListOTAFirmwareRequest",
      "",
      `client = AcsClient("${id}", "${secret}", "cn-shanghai")`,
      "request = ListOTAFirmwareRequest()",
      `request.set_endpoint("${host}")`,
      ...(scheme === "https" ? ['request.set_protocol_type("https")'] : []),
      "request.set_CurrentPage(1)",
      "request.set_PageSize(10)",
      "print(client.do_action_with_exception(request))",
    ].join("\n");
  }
  if (name === "tea") {
    return [
      "from alibabacloud_iot20180120 import models",
      "from alibabacloud_iot20180120.client import Client",
      "from alibabacloud_tea_openapi.models import Config",
      "",
      "config = Config(",
      `    access_key_id="${id}",`,
      `    access_key_secret="${secret}",`,
      `    endpoint="${host}",`,
      `    protocol="${scheme}",`,
      ")",
      "print(Client(config).list_otafirmware(models.ListOTAFirmwareRequest(current_page=1, page_size=10)).body)",
    ].join("\n");
  }
  return [
    "const Core = require('@alicloud/pop-core');",
    "",
    "const client = new Core({",
    `  endpoint: '${server}',`,
    "  apiVersion: '2018-01-20',",
    `  accessKeyId: '${id}',`,
    `  accessKeySecret: '${secret}',`,
    "});",
    "client.request('ListOTAFirmware', { CurrentPage: 1, PageSize: 10 }, { method: 'POST' }).then(console.log);",
  ].join("\n");
}
