import { useCall } from "~/api/hooks";

const PRODUCTS_MAX = 200; // the most of one answer
const GROUPS_MAX = 200;

export interface Choice {
  value: string;
  label: string;
}

/** The account's products, as choices of a field. */
export function useProductChoices(): Choice[] {
  const products = useCall("QueryProductList", { CurrentPage: 1, PageSize: PRODUCTS_MAX });
  return products.data?.data.list.productInfo.map((one) => ({ value: one.productKey, label: one.productName })) ?? [];
}

/** The account's groups; only those that devices are put into, or dynamic ones too. */
export function useGroupChoices(kinds: "static" | "all", enabled = true): Choice[] {
  const types = kinds === "all" ? (["LINK_PLATFORM", "LINK_PLATFORM_DYNAMIC"] as const) : (["LINK_PLATFORM"] as const);
  const groups = useCall("QueryDeviceGroupList", { PageSize: GROUPS_MAX, GroupTypes: [...types] }, { enabled });
  return groups.data?.data.groupInfo.map((one) => ({ value: one.groupId, label: one.groupName })) ?? [];
}

/** A product's modules; `default` alone while none is named. */
export function useModuleChoices(productKey: string): string[] {
  const modules = useCall("ListOTAModuleByProduct", { ProductKey: productKey }, { enabled: productKey !== "" });
  return modules.data?.data.map((one) => one.moduleName) ?? ["default"];
}
