import { expect, it } from "vitest";
import { KINDS, NEEDS_MQTT, NEEDS_TOKEN, snippetOf } from "~/pages/products/connect/snippets";

const place = { publicUrl: "https://ota.example/updates", mqtt: { host: "mqtt.example", port: 8883, hasTls: true } };
const device = { productKey: "k1", deviceName: "lamp-1", deviceSecret: "s3cret", deviceToken: "t0ken" };

it.each(KINDS)("%s holds this server's address and the device's own names", (kind) => {
  const lines = snippetOf(kind, place, device);
  expect(lines).not.toMatch(/undefined|\[object/);
  if (kind !== "zephyr") expect(lines).toContain("k1");
  for (const part of NEEDS_MQTT.includes(kind) ? ["mqtt.example", "8883"] : ["ota.example"]) {
    expect(lines).toContain(part);
  }
  expect(lines.includes("s3cret")).toBe(!NEEDS_TOKEN.includes(kind) && kind !== "simulate");
  expect(lines.includes("t0ken")).toBe(NEEDS_TOKEN.includes(kind));
});

it("says what to put in where there is no token yet, and no MQTT", () => {
  expect(snippetOf("swupdate", place, { ...device, deviceToken: "" })).toContain('"DEVICE_TOKEN"');
  expect(snippetOf("linkkit", { ...place, mqtt: null }, device)).toContain("MQTT_HOST");
});
