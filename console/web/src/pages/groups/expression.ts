/** The expression of a dynamic group from what somebody chose (CreateDeviceDynamicGroup). */
import type { Listing } from "../devices/list/listing";

export interface Rule {
  productKey: string;
  /** How the names begin; empty for all. */
  prefix: string;
  tagKey: string;
  tagValue: string;
}

export const EMPTY_RULE: Rule = { productKey: "", prefix: "", tagKey: "", tagValue: "" };

/** Empty while there is no product, or half a tag: such a rule says nothing yet. */
export function expressionOf(rule: Rule): string {
  const [prefix, tagKey, tagValue] = [rule.prefix.trim(), rule.tagKey.trim(), rule.tagValue.trim()];
  if (rule.productKey === "" || (tagKey === "") !== (tagValue === "")) return "";
  const conditions = [`product_key = "${rule.productKey}"`];
  if (prefix !== "") conditions.push(`name LIKE "${prefix}%"`);
  if (tagKey !== "") conditions.push(`tag.tag_name = "${tagKey}"`, `tag.tag_value = "${tagValue}"`);
  return conditions.join(" and ");
}

/** The same devices, as a list asks for them. */
export function listingOfRule(rule: Rule): Listing {
  const prefix = rule.prefix.trim();
  const tag = rule.tagKey.trim() === "" ? {} : { TagKey: rule.tagKey.trim(), TagValue: rule.tagValue.trim() };
  return { ProductKey: rule.productKey, ...(prefix === "" ? {} : { NamePrefix: prefix }), ...tag };
}
