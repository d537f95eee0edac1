// Writes src/api/schema.d.ts from the server's OpenAPI document: `whimbrel call --openapi | node scripts/types.mjs`.
import { writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import openapiTypescript, { astToString } from "openapi-typescript";

/** The console sends JSON, so a list is a list there: `x-lists` instead of the form's numbered names. */
function asJson(schema) {
  const { patternProperties: _, dependentRequired: __, "x-lists": lists = {}, properties = {}, ...rest } = schema;
  const named = (schema.required ?? []).filter((name) => name in properties);
  const needed = Object.keys(lists).filter((name) =>
    (schema.required ?? []).some((wire) => wire.startsWith(`${name}.1`)),
  );
  return { ...rest, properties: { ...properties, ...lists }, required: [...named, ...needed] };
}

const document = JSON.parse(await text(process.stdin));
const schemas = Object.entries(document.components.schemas)
  .filter(([name]) => name.endsWith("Request") || name.endsWith("ResponseCamel"))
  .map(([name, schema]) => [name, name.endsWith("Request") ? asJson(schema) : schema]);
const needed = {
  openapi: document.openapi,
  info: document.info,
  paths: {},
  components: { schemas: Object.fromEntries(schemas) },
};
const types = await openapiTypescript(needed, { defaultNonNullable: false });
await writeFile(new URL("../src/api/schema.d.ts", import.meta.url), astToString(types));
