"""Products."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.product import Product, ProductDraft
from whimbrel.errors import ProductNameTakenError
from whimbrel.ports.sealer import Sealer


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
            raise ProductNameTakenError(f"another product has the name {draft.name}") from None
        assert row is not None
        product_id = int(row[0])
        self._session.count(_list(draft.account_id, None), product_id, 1)
        self._session.count(_list(draft.account_id, draft.commodity_code), product_id, 1)
        return product_id

    async def by_key(self, account_id: int, product_key: str) -> Product | None:
        row = await self._session.one("product_by_key", account_id=account_id, product_key=product_key)
        return self._product(row) if row else None

    async def page(self, account_id: int, commodity_code: str | None, page: Page) -> Listing[Product]:
        list_name = _list(account_id, commodity_code)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        where = {"account_id": account_id, "below": position.below, "skip": position.skip, "size": page.size}
        if commodity_code is None:
            rows = await self._session.all("products_page", **where)
        else:
            rows = await self._session.all("products_page_of_commodity", commodity_code=commodity_code, **where)
        return Listing([self._product(row) for row in rows], position.total)

    def _product(self, row: Row) -> Product:
        product_id, account_id, product_key, sealed, *rest = row
        return Product(product_id, account_id, product_key, self._sealer.open(sealed, f"product:{product_key}"), *rest)


def _list(account_id: int, commodity_code: str | None) -> str:
    return f"products:{account_id}" if commodity_code is None else f"products:{account_id}:{commodity_code}"
