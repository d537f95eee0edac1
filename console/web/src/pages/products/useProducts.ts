import { useCall } from "~/api/hooks";

const PRODUCTS_MAX = 200;

/** The account's products, to choose one of; the newest 200. */
export function useProducts() {
  const list = useCall("QueryProductList", { CurrentPage: 1, PageSize: PRODUCTS_MAX }, { staleTimeMs: 30_000 });
  return { products: list.data?.data.list.productInfo, error: list.error };
}
