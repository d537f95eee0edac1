"""Products."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.product import Product, ProductDraft
from whimbrel.errors import ProductNameTakenError, StoreConflictError
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import ProductFilter

_PAGE_STATEMENTS = {
    # has a commodity code, has a resource group
    (False, False): "products_page",
    (True, False): "products_page_of_commodity",
    (False, True): "products_page_of_resource_group",
    (True, True): "products_page_of_resource_group_commodity",
}


class ProductRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def add(self, draft: ProductDraft) -> int:
        values = draft._asdict()
        sealed = self._sealer.seal(values.pop("product_secret"), f"product:{draft.product_key}")
        try:
            row = await self._session.one("add_product", secret_sealed=sealed, **values)
        except UniqueViolationError:
            raise _taken(draft.name) from None
        assert row is not None
        product_id = int(row[0])
        self._count(product_id, draft.account_id, ProductFilter(draft.commodity_code, draft.resource_group_id), 1)
        return product_id

    async def free_key(self, account_id: int, product_key: str) -> bool:
        await self._session.run("give_up_product_key", account_id=account_id, product_key=product_key)
        return await self._session.one("product_of_key", product_key=product_key) is None

    async def by_key(self, account_id: int, product_key: str) -> Product | None:
        row = await self._session.one("product_by_key", account_id=account_id, product_key=product_key)
        return self._product(row) if row else None

    async def page(self, account_id: int, narrowed: ProductFilter, page: Page) -> Listing[Product]:
        list_name = products_list(account_id, narrowed)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        has = (narrowed.commodity_code is not None, narrowed.resource_group_id is not None)
        rows = await self._session.all(
            _PAGE_STATEMENTS[has],
            account_id=account_id,
            below=position.below,
            skip=position.skip,
            size=page.size,
            **narrowed._asdict(),
        )
        return Listing([self._product(row) for row in rows], position.total)

    async def count(self, account_id: int) -> int:
        return await list_total(self._session, products_list(account_id, ProductFilter()))

    async def update(self, product: Product, name: str, description: str) -> None:
        try:
            changed = await self._session.run(
                "update_product", product_id=product.id, name=name, description=description
            )
        except UniqueViolationError:
            raise _taken(name) from None
        _require(changed, product)

    async def delete(self, product: Product, now_ms: int) -> None:
        _require(await self._session.run("delete_product", product_id=product.id, now_ms=now_ms), product)
        lists = ProductFilter(product.commodity_code, product.resource_group_id)
        self._count(product.id, product.account_id, lists, -1)

    async def has_unfinished_jobs(self, product_id: int) -> bool:
        return await self._session.one("unfinished_job_of_product", product_id=product_id) is not None

    def _product(self, row: Row) -> Product:
        product_id, account_id, product_key, sealed, *rest = row
        return Product(product_id, account_id, product_key, self._sealer.open(sealed, f"product:{product_key}"), *rest)

    def _count(self, product_id: int, account_id: int, lists: ProductFilter, n: int) -> None:
        """Every list that a product of this code and group is in; one without a group is in no group's list."""
        for code in (None, lists.commodity_code):
            for group in {None, lists.resource_group_id or None}:
                self._session.count(products_list(account_id, ProductFilter(code, group)), product_id, n)


def products_list(account_id: int, narrowed: ProductFilter) -> str:
    """A resource group's lists have a name of their own, so that no commodity code can look like one."""
    code = "" if narrowed.commodity_code is None else f":{narrowed.commodity_code}"
    group = narrowed.resource_group_id
    return f"products:{account_id}{code}" if group is None else f"group_products:{account_id}:{group}{code}"


def _taken(name: str) -> ProductNameTakenError:
    return ProductNameTakenError(f"another product has the name {name}")


def _require(changed: int, product: Product) -> None:
    if not changed:
        raise StoreConflictError(f"the product {product.product_key} changed meanwhile; nothing was done")
